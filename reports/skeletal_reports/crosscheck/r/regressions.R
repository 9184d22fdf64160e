# ---- Regressions on the arm and covariates ---------------------------------------------------------
# Convergence is asked for beyond the defaults of coxph, crr and survreg, so that what is compared is the
# estimate and not the step at which an iteration stopped.
# timefix would join times that differ by rounding: these are whole days, and the last instant before a death.
TIGHT <- coxph.control(eps = 1e-11, iter.max = 100, timefix = FALSE)
put_ratios <- function(analysis, d, coefficient, variance) {
  for (number in arms_in(d)[-1]) {
    b <- coefficient[[sprintf("arm%d", number)]]
    se <- if (is.na(b)) NA else sqrt(variance[sprintf("arm%d", number), sprintf("arm%d", number)])
    ratio <- exp(normal_limits(b, se, 0.95))
    put_all(analysis, against_control(number),
            list(coefficient = b, std_error = se, ratio = exp(b), ratio_lower = ratio[1], ratio_upper = ratio[2],
                 p_value = two_sided(b / se)))
  }
}
# Where the events separate by a covariate the likelihood has no maximum; R stops at some large coefficient.
refuse_divergence <- function(x, coefficient) {
  size <- abs(coefficient) * apply(x, 2, sd)
  if (any(size > 8, na.rm = TRUE)) stop("a coefficient goes to infinity: not estimable")
}
named <- function(values, names) { names(values) <- names; values }
named_matrix <- function(values, names) { dimnames(values) <- list(names, names); values }
coxph_of <- function(d, covariates, strata, ties, start = NULL) {
  d$x <- design(d, covariates)
  d$group <- strata_of(d, strata)
  d$y <- if (is.null(d$TSTART)) Surv(d$AVAL, d$STATUS == 1) else Surv(d$TSTART, d$TSTOP, d$STATUS == 1)
  model <- if (length(strata)) y ~ x + strata(group) else y ~ x
  environment(model) <- environment()
  fit <- if (has_lesions(d) || !is.null(d$TSTART)) {
    coxph(model, data = d, ties = ties, cluster = USUBJID, control = TIGHT)
  } else coxph(model, data = d, ties = ties, control = TIGHT)
  refuse_divergence(d$x, coef(fit))
  fit
}
put_cox <- function(analysis, d, covariates, strata, ties) {
  counts(analysis, "all", d)
  fit <- coxph_of(d, covariates, strata, ties)
  names <- colnames(design(d, covariates))
  put_ratios(analysis, d, named(coef(fit), names), named_matrix(vcov(fit), names))
}
# Cause 1 against all else censored; rows of lesions: sandwich variance by subject.
cox <- function(analysis, d, covariates, strata, ties, penalty = NULL) put_cox(analysis, d, covariates, strata, ties)
cause_specific_cox <- put_cox
fine_gray <- function(analysis, d, covariates, strata, censoring_strata) {
  counts(analysis, "all", d)
  x <- design(d, covariates)
  group <- strata_of(d, censoring_strata)
  fit <- crr(d$AVAL, d$STATUS, x, cengroup = group, gtol = 1e-12, maxiter = 100)
  refuse_divergence(x, fit$coef)
  put_ratios(analysis, d, named(fit$coef, colnames(x)), named_matrix(fit$var, colnames(x)))
}
# Coefficients on log time.
parametric <- function(analysis, d, covariates, distribution) {
  counts(analysis, "all", d)
  x <- design(d, covariates)
  y <- Surv(d$AVAL, d$STATUS == 1)
  law <- gsub("-", "", distribution)
  control <- survreg.control(rel.tolerance = 1e-14, maxiter = 200)
  fit <- if (has_lesions(d)) survreg(y ~ x, dist = law, cluster = d$USUBJID, control = control)
         else survreg(y ~ x, dist = law, control = control)
  inside <- seq_len(ncol(x)) + 1
  put_ratios(analysis, d, named(coef(fit)[inside], colnames(x)),
             named_matrix(vcov(fit)[inside, inside, drop = FALSE], colnames(x)))
}
# Poisson regression of the events of each interval with the log of its time as offset.
piecewise_exponential <- function(analysis, d, covariates, cuts) {
  counts(analysis, "all", d)
  x <- design(d, covariates)
  whole <- data.frame(AVAL = d$AVAL, STATUS = d$STATUS, row = seq_len(nrow(d)))
  rows <- survSplit(Surv(AVAL, STATUS == 1) ~ ., data = whole,
                    cut = cuts, episode = "interval", start = "from", end = "to", event = "event")
  z <- x[rows$row, , drop = FALSE]
  fit <- glm(rows$event ~ factor(rows$interval) - 1 + z + offset(log(rows$to - rows$from)), family = poisson,
             control = glm.control(epsilon = 1e-14, maxit = 100))
  inside <- length(coef(fit)) - rev(seq_len(ncol(x))) + 1
  put_ratios(analysis, d, named(coef(fit)[inside], colnames(x)),
             named_matrix(vcov(fit)[inside, inside, drop = FALSE], colnames(x)))
}
proportionality <- function(analysis, d, covariates, strata, transform) {
  fit <- coxph_of(d, covariates, strata, "efron")
  table <- cox.zph(fit, transform = transform, terms = FALSE)$table
  rows <- c(colnames(design(d, covariates)), "GLOBAL")
  for (place in seq_along(rows)) {
    number <- suppressWarnings(as.integer(sub("^arm", "", rows[place])))
    label <- if (rows[place] == "GLOBAL") "all" else if (is.na(number)) next else against_control(number)
    put_all(analysis, label, list(statistic = table[place, "chisq"], df = table[place, "df"],
                                  p_value = pchisq(table[place, "chisq"], table[place, "df"], lower.tail = FALSE)))
  }
}
concordance_of_cox <- function(analysis, d, covariates, strata, ties, kind) {
  fit <- coxph_of(d, covariates, strata, ties)
  found <- if (kind == "uno") concordance(fit, timewt = "n/G2") else concordance(fit)
  se <- sqrt(found$var)
  limits <- pmin(pmax(normal_limits(found$concordance, se, 0.95), 0), 1)
  put_all(analysis, "all", list(estimate = found$concordance, std_error = se, lower = limits[1],
                                upper = limits[2], p_value = NA))
}
predicted_survival <- function(analysis, d, covariates, ties, rows, times, conf_level, conf_type) {
  fit <- coxph_of(d, covariates, character(0), ties)
  if (length(rows) == 0) rows <- list(lapply(d[covariates], mean))
  for (number in arms_in(d)) for (row in rows) {
    x <- matrix(c(as.numeric(arms_in(d)[-1] == number), unlist(row[covariates])), nrow = 1)
    curve <- survfit(fit, newdata = list(x = x), conf.type = "none", se.fit = TRUE)
    words <- if (length(rows) > 1)
      paste0("[", paste0(names(row), "=", sapply(row, function(v) sprintf("%g", v)), collapse = ", "), "]") else ""
    for (time in times) {
      p <- step_at(curve$time, curve$surv, time, 1)
      se <- p * step_at(curve$time, curve$std.err, time, 0)   # survfit's is of the log
      limits <- curve_limits(p, se, conf_level, conf_type)
      values <- list(p, se, limits[1], limits[2])
      names(values) <- paste0(c("estimate", "std_error", "lower", "upper"), words)
      put_all(analysis, ARMS[number], values, time)
    }
  }
}
