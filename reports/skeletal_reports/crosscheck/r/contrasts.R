# ---- Estimates and contrasts -----------------------------------------------------------------------
put_estimate <- function(analysis, arm, estimate, se, limits, p_value, time) {
  put_all(analysis, arm, list(estimate = estimate, std_error = se, lower = limits[1], upper = limits[2],
                              p_value = p_value), time)
}
put_difference <- function(analysis, label, estimate, se, conf_level, time) {
  put_estimate(analysis, label, estimate, se, normal_limits(estimate, se, conf_level), two_sided(estimate / se), time)
}
put_log_ratio <- function(analysis, label, estimate, se, conf_level, time) {
  if (!is.finite(se)) se <- NA   # an empty cell: no limits
  put_estimate(analysis, label, estimate, se, exp(normal_limits(log(estimate), se, conf_level)),
               two_sided(log(estimate) / se), time)
}
# Two probabilities (control, experimental) with their variances.  "log-log" is the log of the ratio of the
# cumulative hazards -log(s), of the survivals s.
put_contrast <- function(analysis, label, p, v, kind, conf_level, time, s = p) {
  if (kind == "difference") put_difference(analysis, label, p[2] - p[1], sqrt(sum(v)), conf_level, time)
  else if (kind == "ratio") put_log_ratio(analysis, label, p[2] / p[1], sqrt(sum(v / p^2)), conf_level, time)
  else put_difference(analysis, label, log(log(s[2]) / log(s[1])), sqrt(sum(v / (s * log(s))^2)), conf_level, time)
}
known_to <- function(rows, event, time) {
  # after the last observed time nothing is known, unless nobody was left
  last <- max(rows$AVAL)
  time <= last || !any(rows$AVAL == last & !event)
}
survival_contrast <- function(analysis, d, times, kind, conf_level) {
  each_pair(d, function(rows, experimental, label) for (time in times) {
    read <- lapply(list(rows[!experimental, ], rows[experimental, ]), function(r) {
      if (!known_to(r, r$STATUS == 1, time)) return(list(p = NA, se = NA))
      survival_at(survfit(Surv(AVAL, STATUS == 1) ~ 1, data = r), time)
    })
    p <- sapply(read, function(x) x$p)
    put_contrast(analysis, label, p, sapply(read, function(x) x$se)^2, kind, conf_level, time)
  })
}
incidence_contrast <- function(analysis, d, times, kind, variance, conf_level) {
  each_pair(d, function(rows, experimental, label) for (time in times) {
    read <- lapply(list(rows[!experimental, ], rows[experimental, ]), function(r) {
      if (known_to(r, r$STATUS > 0, time)) incidence_at(r, time, variance) else list(p = NA, v = NA)
    })
    p <- sapply(read, function(x) x$p)
    put_contrast(analysis, label, p, sapply(read, function(x) x$v), kind, conf_level, time, s = 1 - p)
  })
}
# Mean and variance of the time to the event, restricted to the horizon (survfit's rmean).
mean_of <- function(rows, horizon) {
  if (!known_to(rows, rows$STATUS == 1, horizon)) return(c(NA, NA))
  if (horizon < min(rows$AVAL)) return(c(horizon, 0))   # survfit stops there
  table <- summary(survfit(Surv(AVAL, STATUS == 1) ~ 1, data = rows), rmean = horizon)$table
  unname(c(table[grep("^[*]?rmean$", names(table))], table[grep("^[*]?se[(]rmean[)]$", names(table))]^2))
}
# The same with the means of strata averaged by the size of the strata in `all`.
stratified_mean <- function(rows, all, horizon, strata) {
  share <- table(strata_of(all, strata)) / nrow(all)
  group <- strata_of(rows, strata)
  means <- sapply(names(share), function(s) mean_of(rows[group == s, ], horizon))
  c(sum(share * means[1, ]), sum(share^2 * means[2, ]))
}
restricted_mean <- function(analysis, d, horizon, conf_level) {
  for (number in arms_in(d)) {
    m <- mean_of(d[d$ARMN == number, ], horizon)
    limits <- normal_limits(m[1], sqrt(m[2]), conf_level)
    put_estimate(analysis, ARMS[number], m[1], sqrt(m[2]), limits, NA, horizon)
  }
}
restricted_mean_contrast <- function(analysis, d, horizon, kind, strata, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    m0 <- stratified_mean(rows[!experimental, ], rows, horizon, strata)
    m1 <- stratified_mean(rows[experimental, ], rows, horizon, strata)
    m <- c(m0[1], m1[1])
    v <- c(m0[2], m1[2])
    if (kind == "lost_ratio") m <- horizon - m
    put_contrast(analysis, label, m, v, if (kind == "difference") "difference" else "ratio", conf_level, horizon)
  })
}
restricted_mean_test <- function(analysis, d, horizon, strata) {
  means <- sapply(arms_in(d), function(a) stratified_mean(d[d$ARMN == a, ], d, horizon, strata))
  weight <- 1 / means[2, ]
  statistic <- sum(weight * (means[1, ] - sum(weight * means[1, ]) / sum(weight))^2)
  df <- ncol(means) - 1
  put_all(analysis, "all", list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE)))
}
# Time lost to cause 1: rmean of the multi-state survfit, whose variance is the infinitesimal jackknife.
lost_of <- function(rows, horizon) {
  if (!known_to(rows, rows$STATUS > 0, horizon)) return(c(NA, NA))
  if (!any(rows$STATUS == 1) || horizon < min(rows$AVAL)) return(c(0, 0))
  fit <- survfit(Surv(AVAL, factor(pmin(STATUS, 2), 0:2)) ~ 1, data = rows, influence = TRUE)
  table <- summary(fit, rmean = horizon)$table
  c(table["1", grep("rmean$", colnames(table))[1]], table["1", grep("se[(]rmean[)]", colnames(table))]^2)
}
years_lost <- function(analysis, d, horizon, conf_level) {
  for (number in arms_in(d)) {
    m <- lost_of(d[d$ARMN == number, ], horizon)
    limits <- normal_limits(m[1], sqrt(m[2]), conf_level)
    put_estimate(analysis, ARMS[number], m[1], sqrt(m[2]), limits, NA, horizon)
  }
}
years_lost_contrast <- function(analysis, d, horizon, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    m <- rbind(lost_of(rows[!experimental, ], horizon), lost_of(rows[experimental, ], horizon))
    put_contrast(analysis, label, m[, 1], m[, 2], "difference", conf_level, horizon)
  })
}
