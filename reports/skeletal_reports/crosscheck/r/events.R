# ---- Regressions and rates of recurrent events -----------------------------------------------------
# Rows without the `window` days after each event; what a death in them leaves of a row is its last instant.
outside_window <- function(d, window) {
  if (window == 0) return(d)
  unit <- unit_of(d)
  d <- d[order(unit, d$TSTART), ]
  unit <- unit_of(d)
  last <- ave(seq_len(nrow(d)), unit, FUN = function(rows) {
    before <- c(FALSE, d$STATUS[rows][-length(rows)] == 1)
    ends <- c(-Inf, d$TSTOP[rows][-length(rows)])
    cummax(ifelse(before, ends, -Inf))
  })
  start <- pmax(d$TSTART, last + window)
  dies <- start >= d$TSTOP & d$STATUS > 1
  start[dies] <- d$TSTOP[dies] * (1 - .Machine$double.eps)
  d$TSTART <- start
  d[d$TSTART < d$TSTOP, ]
}
unit_of <- function(d) if (has_lesions(d)) paste(d$USUBJID, d$LNKID) else d$USUBJID
andersen_gill <- function(analysis, d, covariates, strata, ties, window) {
  put_cox(analysis, outside_window(d, window), covariates, strata, ties)
}
# The number of each row's event: one more than those of its subject before it.
in_order <- function(d) {
  d <- d[order(d$USUBJID, d$TSTART), ]
  event <- as.integer(d$STATUS == 1)
  d$number <- ave(event, d$USUBJID, FUN = cumsum) - event + 1
  d
}
# Prentice, Williams and Peterson: strata by the number of the event, total or gap time.  Wei, Lin and
# Weissfeld: everybody at risk of each event from the entry until that event or the end.
ordered_rows <- function(d, model, highest) {
  d <- in_order(d)
  if (is.null(highest)) highest <- max(1, d$number[d$STATUS == 1])
  if (model == "wlw") {
    parts <- lapply(seq_len(highest), function(k) {
      upto <- d[d$number <= k, ]
      last <- upto[!duplicated(upto$USUBJID, fromLast = TRUE), ]
      last$TSTART <- tapply(d$TSTART, d$USUBJID, min)[last$USUBJID]
      last$STATUS <- as.integer(last$STATUS == 1 & last$number == k)
      last$number <- k
      last
    })
    return(do.call(rbind, parts))
  }
  d <- d[d$number <= highest, ]
  if (model == "pwp-gap") {
    origin <- ave(d$TSTART, d$USUBJID, d$number, FUN = min)
    d$TSTART <- d$TSTART - origin
    d$TSTOP <- d$TSTOP - origin
  }
  d
}
put_named <- function(analysis, d, fit, names, words) {
  for (number in arms_in(d)[-1]) for (k in seq_along(words)) {
    place <- match(sprintf(names[k], number), colnames(fit$x_used))
    b <- coef(fit$fit)[[place]]
    se <- sqrt(vcov(fit$fit)[place, place])
    ratio <- exp(normal_limits(b, se, 0.95))
    values <- list(coefficient = b, std_error = se, ratio = exp(b), ratio_lower = ratio[1],
                   ratio_upper = ratio[2], p_value = two_sided(b / se))
    names(values) <- paste0(names(values), words[k])
    put_all(analysis, against_control(number), values)
  }
}
# Cox model of rows with a column `layer`; `by` gives each of its values an effect of its own.
layered_cox <- function(rows, covariates, strata, ties, by) {
  x <- design(rows, covariates)
  layers <- sort(unique(rows$layer))
  if (by) {
    x <- do.call(cbind, lapply(layers, function(layer) {
      part <- x * (rows$layer == layer)
      colnames(part) <- paste0(colnames(x), ":", layer)
      part
    }))
  }
  group <- paste(rows$layer, strata_of(rows, strata))
  fit <- coxph(Surv(rows$TSTART, rows$TSTOP, rows$STATUS == 1) ~ x + strata(group), ties = ties,
               cluster = rows$USUBJID, control = TIGHT)
  refuse_divergence(x, coef(fit))
  list(fit = fit, x_used = x)
}
ordered_events <- function(analysis, d, covariates, strata, ties, model, max_order, effects) {
  counts(analysis, "all", d)
  rows <- ordered_rows(d, model, max_order)
  rows$layer <- rows$number
  by <- effects == "by_order"
  fit <- layered_cox(rows, covariates, strata, ties, by)
  layers <- if (by) sort(unique(rows$layer)) else ""
  put_named(analysis, d, fit, if (by) paste0("arm%d:", layers) else "arm%d", if (by) paste0("[", layers, "]") else "")
}
# Gamma frailty shared by the events of a subject; coxph's search of its variance is asked for more digits, and
# still stops at about 1e-6.
frailty_rate <- function(analysis, d, covariates, ties, window) {
  d <- outside_window(d, window)
  counts(analysis, "all", d)
  x <- design(d, covariates)
  control <- coxph.control(eps = 1e-11, iter.max = 100, outer.max = 200, timefix = FALSE)
  fit <- coxph(Surv(d$TSTART, d$TSTOP, d$STATUS == 1) ~ x + frailty(d$USUBJID, distribution = "gamma", eps = 1e-12),
               ties = ties, control = control)
  refuse_divergence(x, coef(fit))
  inside <- seq_len(ncol(x))
  put_ratios(analysis, d, named(coef(fit)[inside], colnames(x)),
             named_matrix(fit$var[inside, inside, drop = FALSE], colnames(x)))
}
# Counts of subjects with their years at risk.
subject_counts <- function(d, covariates = character(0)) {
  first <- d[!duplicated(d$USUBJID), c("USUBJID", "ARMN", covariates), drop = FALSE]
  who <- factor(d$USUBJID, levels = first$USUBJID)
  first$events <- as.numeric(tapply(d$STATUS == 1, who, sum))
  first$years <- as.numeric(tapply(d$TSTOP - d$TSTART, who, sum)) / DAYS_PER_YEAR
  first
}
# Log-linear model of counts with the log of the years as offset: coefficients and their covariance.
# poisson-robust: sandwich by subject without a small-sample factor.
rate_fit <- function(d, covariates, model) {
  rows <- subject_counts(d, covariates)
  x <- design(rows, covariates)
  tight <- glm.control(epsilon = 1e-14, maxit = 200)
  if (model == "negative-binomial") {
    if (!requireNamespace("MASS", quietly = TRUE)) stop("needs the package MASS")
    fit <- suppressWarnings(MASS::glm.nb(rows$events ~ x + offset(log(rows$years)), control = tight))
    return(list(coefficient = coef(fit)[-1], variance = NULL, names = colnames(x), n = nrow(rows)))
  }
  family <- if (model == "quasi-poisson") quasipoisson else poisson
  fit <- glm(rows$events ~ x + offset(log(rows$years)), family = family, control = tight)
  v <- vcov(fit)
  if (model == "poisson-robust") {
    z <- cbind(1, x)
    bread <- solve(crossprod(z * fitted(fit), z))
    score <- z * (rows$events - fitted(fit))
    v <- bread %*% crossprod(score) %*% bread
  }
  list(coefficient = coef(fit)[-1], variance = v[-1, -1, drop = FALSE], names = colnames(x), n = nrow(rows))
}
rate_ratio <- function(analysis, d, model, covariates, conf_level, window) {
  d <- outside_window(d, window)
  each_pair(d, function(rows, experimental, label) {
    if (model == "exact") {
      each <- subject_counts(rows)
      mine <- each$ARMN != 1
      e <- c(sum(each$events[mine]), sum(each$events[!mine]))
      years <- c(sum(each$years[mine]), sum(each$years[!mine]))
      test <- poisson.test(e, years, conf.level = conf_level)
      put_estimate(analysis, label, (e[1] / years[1]) / (e[2] / years[2]), sqrt(sum(1 / e)), test$conf.int,
                   test$p.value, NULL)
    } else {
      fit <- rate_fit(rows, covariates, model)
      se <- if (is.null(fit$variance)) NA else sqrt(fit$variance[1, 1])
      put_log_ratio(analysis, label, exp(fit$coefficient[[1]]), se, conf_level, NULL)
    }
  })
}
rate_difference <- function(analysis, d, formula, conf_level, window) {
  d <- outside_window(d, window)
  each_pair(d, function(rows, experimental, label) {
    years <- (rows$TSTOP - rows$TSTART) / DAYS_PER_YEAR
    e <- c(sum(rows$STATUS[experimental] == 1), sum(rows$STATUS[!experimental] == 1))
    t <- c(sum(years[experimental]), sum(years[!experimental]))
    put_difference(analysis, label, e[1] / t[1] - e[2] / t[2], sqrt(sum(e / t^2)), conf_level, NULL)
  })
}
rate_regression <- function(analysis, d, model, covariates, window) {
  d <- outside_window(d, window)
  counts(analysis, "all", d)
  fit <- rate_fit(d, covariates, model)
  v <- if (is.null(fit$variance)) matrix(NA, length(fit$names), length(fit$names)) else fit$variance
  put_ratios(analysis, d, named(fit$coefficient, fit$names), named_matrix(v, fit$names))
}
# Time at risk, rates and ratios with the window and without.
window_effect <- function(analysis, d, window) {
  for (choice in c("kept", "removed")) {
    rows <- outside_window(d, if (choice == "kept") 0 else window)
    of <- sprintf("[%s]", choice)
    for (number in arms_in(rows)) {
      mine <- rows[rows$ARMN == number, ]
      years <- sum(mine$TSTOP - mine$TSTART) / DAYS_PER_YEAR
      events <- sum(mine$STATUS == 1)
      put(analysis, ARMS[number], paste0("years", of), years)
      put(analysis, ARMS[number], paste0("events", of), events)
      put(analysis, ARMS[number], paste0("estimate", of), events / years)
    }
    each_pair(rows, function(both, experimental, label) {
      poisson <- rate_fit(both, character(0), "poisson-robust")
      cox <- coxph_of(both, character(0), character(0), "efron")
      put_choice(analysis, label, "Poisson", choice, poisson$coefficient[[1]], sqrt(poisson$variance[1, 1]))
      put_choice(analysis, label, "Andersen-Gill", choice, coef(cox)[[1]], sqrt(vcov(cox)[1, 1]))
    })
  }
}
put_choice <- function(analysis, label, model, choice, b, se) {
  of <- if (choice == "") sprintf("[%s]", model) else sprintf("[%s, %s]", model, choice)
  ratio <- exp(c(b, normal_limits(b, se, 0.95)))
  put_ratio_of(analysis, label, of, ratio, two_sided(b / se))
}
put_ratio_of <- function(analysis, label, of, ratio, p_value) {
  values <- list(ratio = ratio[1], ratio_lower = ratio[2], ratio_upper = ratio[3], p_value = p_value)
  names(values) <- paste0(names(values), of)
  put_all(analysis, label, values)
}
# Events by the horizon over the mean time alive until then: estimates only.
alive_rows <- function(rows) {
  last <- rows[order(rows$TSTOP), ]
  last <- last[!duplicated(last$USUBJID, fromLast = TRUE), ]
  data.frame(AVAL = last$TSTOP, STATUS = as.integer(last$STATUS > 1))
}
while_alive_of <- function(rows, horizon) mean_number(rows, horizon)[1] / mean_of(alive_rows(rows), horizon)[1]
while_alive_rate <- function(analysis, d, horizon, conf_level) {
  for (number in arms_in(d)) put(analysis, ARMS[number], "estimate", while_alive_of(d[d$ARMN == number, ], horizon), horizon)
}
while_alive_contrast <- function(analysis, d, horizon, kind, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    rate <- c(while_alive_of(rows[experimental, ], horizon), while_alive_of(rows[!experimental, ], horizon))
    put(analysis, label, "estimate", if (kind == "ratio") rate[1] / rate[2] else rate[1] - rate[2], horizon)
  })
}
recurrent_answers <- function(analysis, d, horizon, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    rows$x <- as.numeric(experimental)
    plain <- coxph(Surv(TSTART, TSTOP, STATUS == 1) ~ x, data = rows, control = TIGHT)
    robust <- coxph(Surv(TSTART, TSTOP, STATUS == 1) ~ x, data = rows, cluster = USUBJID, control = TIGHT)
    for (name in c("Andersen-Gill", "LWYY")) {
      fit <- if (name == "LWYY") robust else plain
      se <- sqrt(vcov(fit)[1, 1])
      ratio <- exp(c(coef(fit)[[1]], normal_limits(coef(fit)[[1]], se, conf_level)))
      put_ratio_of(analysis, label, sprintf("[%s]", name), ratio, two_sided(coef(fit)[[1]] / se))
    }
    rate <- c(while_alive_of(rows[experimental, ], horizon), while_alive_of(rows[!experimental, ], horizon))
    put(analysis, label, "ratio[while-alive]", rate[1] / rate[2])
    m <- cbind(mean_of(alive_rows(rows[!experimental, ]), horizon), mean_of(alive_rows(rows[experimental, ]), horizon))
    se <- sqrt(sum(m[2, ]))
    gap <- m[1, 2] - m[1, 1]
    limits <- normal_limits(gap, se, conf_level)
    values <- list(gap, se, limits[1], limits[2], two_sided(gap / se))
    names(values) <- paste0(c("estimate", "std_error", "lower", "upper", "p_value"), "[time alive]")
    put_all(analysis, label, values, horizon)
  })
}
