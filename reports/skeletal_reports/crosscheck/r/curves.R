# ---- Curves by arm ---------------------------------------------------------------------------------
# The value of a step function from its steps: the last one at or before `time`, `before` if there is none.
step_at <- function(times, values, time, before) {
  reached <- which(times <= time)
  if (length(reached)) values[max(reached)] else before
}
read_curve <- function(analysis, arm, d, time, p, se, conf_level, conf_type, bounded = TRUE, stop = d$AVAL) {
  limits <- curve_limits(p, se, conf_level, conf_type, bounded)
  at_risk <- if (is.null(d$TSTART)) sum(stop >= time) else sum(stop >= time & d$TSTART < time)
  values <- list(estimate = p, std_error = se, lower = limits[1], upper = limits[2], n_at_risk = at_risk)
  put_all(analysis, arm, values, time)
}
each_arm <- function(analysis, d, f) {
  for (number in arms_in(d)) {
    rows <- d[d$ARMN == number, ]
    counts(analysis, ARMS[number], rows, competing = TRUE)
    f(ARMS[number], rows)
  }
}
survfit_type <- function(conf_type) if (conf_type == "arcsine") "arcsin" else conf_type
survfit_of <- function(rows, event, ...) {
  if (has_lesions(rows)) return(survfit(Surv(rows$AVAL, event) ~ 1, cluster = rows$USUBJID, ...))
  survfit(Surv(rows$AVAL, event) ~ 1, ...)
}
survival_at <- function(fit, time) {
  read <- summary(fit, times = time, extend = TRUE)
  list(p = read$surv, se = if (read$surv > 0) read$std.err else NA)
}
# A curve of limits can rise again (with rows of lesions): then the first crossing, where quantile.survfit,
# which takes it for falling, returns whichever it meets.
first_below_half <- function(times, limit, usual) {
  known <- !is.na(limit)
  if (!is.unsorted(rev(limit[known]))) usual else times[known][which(limit[known] < 0.5)[1]]
}
# Kaplan-Meier; medians and their limits are those of quantile.survfit.
kaplan_meier <- function(analysis, d, times, conf_level, conf_type) {
  each_arm(analysis, d, function(arm, rows) {
    fit <- survfit_of(rows, rows$STATUS == 1, conf.type = survfit_type(conf_type), conf.int = conf_level)
    for (time in times) {
      read <- survival_at(fit, time)
      read_curve(analysis, arm, rows, time, read$p, read$se, conf_level, conf_type)
    }
    median <- quantile(fit, 0.5)
    put(analysis, arm, "median", median$quantile)
    put(analysis, arm, "median_lower", first_below_half(fit$time, fit$lower, median$lower))
    put(analysis, arm, "median_upper", first_below_half(fit$time, fit$upper, median$upper))
    reverse <- survfit(Surv(AVAL, STATUS != 1) ~ 1, data = rows)
    put(analysis, arm, "median_follow_up", quantile(reverse, 0.5, conf.int = FALSE))
  })
}
# Reverse Kaplan-Meier: event and censoring exchanged.
follow_up <- function(analysis, d, times) {
  each_arm(analysis, d, function(arm, rows) {
    fit <- survfit(Surv(AVAL, STATUS != 1) ~ 1, data = rows)
    for (time in times) {
      read <- survival_at(fit, time)
      read_curve(analysis, arm, rows, time, read$p, read$se, 0.95, "log-log")
    }
  })
}
# Survival given that it lasted beyond a day: Kaplan-Meier of the rows observed beyond it.
conditional_survival <- function(analysis, d, times, given, conf_level, conf_type) {
  each_arm(analysis, d, function(arm, rows) {
    beyond <- rows[rows$AVAL > given, ]
    fit <- survfit(Surv(AVAL, STATUS == 1) ~ 1, data = beyond)
    for (time in times) {
      read <- survival_at(fit, time)
      read_curve(analysis, arm, beyond, time, read$p, read$se, conf_level, conf_type)
    }
  })
}
nelson_aalen <- function(analysis, d, times, conf_level) {
  each_arm(analysis, d, function(arm, rows) {
    fit <- survfit(Surv(AVAL, STATUS == 1) ~ 1, data = rows)
    for (time in times) {
      hazard <- step_at(fit$time, fit$cumhaz, time, 0)
      se <- step_at(fit$time, fit$std.chaz, time, 0)
      read_curve(analysis, arm, rows, time, hazard, se, conf_level, "log", bounded = FALSE)
    }
  })
}
# 1 - Kaplan-Meier with competing events censored.
naive_incidence <- function(analysis, d, times, conf_level, conf_type) {
  each_arm(analysis, d, function(arm, rows) {
    fit <- survfit(Surv(AVAL, STATUS == 1) ~ 1, data = rows)
    for (time in times) {
      read <- survival_at(fit, time)
      read_curve(analysis, arm, rows, time, 1 - read$p, read$se, conf_level, conf_type)
    }
  })
}
# Estimate and variance of the incidence of cause 1 at one time.  "aalen": those of cmprsk::cuminc;
# "jackknife", and rows of lesions (by subject): the infinitesimal jackknife of survfit;
# "greenwood": the delta method, written out below.
incidence_at <- function(rows, time, variance) {
  if (has_lesions(rows)) variance <- "jackknife"
  if (!any(rows$STATUS == 1)) return(list(p = 0, v = 0))
  if (variance == "greenwood") return(greenwood_incidence(rows, time))
  if (variance == "jackknife") {
    state <- Surv(rows$AVAL, factor(pmin(rows$STATUS, 2), 0:2))
    fit <- survfit(state ~ 1, influence = TRUE)
    column <- match("1", fit$states)
    p <- step_at(fit$time, fit$pstate[, column], time, 0)
    # survfit 3.5 ignores `cluster` for several states: its influence, which begins
    # with a column for time 0, is added up by subject here
    who <- if (has_lesions(rows)) rows$USUBJID else seq_len(nrow(rows))
    influence <- rowsum(fit$influence.pstate[, , column], who)
    return(list(p = p, v = step_at(c(0, fit$time), colSums(influence^2), time, 0)))
  }
  steps <- cuminc(rows$AVAL, rows$STATUS)[["1 1"]]
  list(p = step_at(steps$time, steps$est, time, 0), v = step_at(steps$time, steps$var, time, 0))
}
greenwood_incidence <- function(rows, time) {
  times <- sort(unique(rows$AVAL[rows$STATUS > 0 & rows$AVAL <= time]))
  if (length(times) == 0) return(list(p = 0, v = 0))
  n <- sapply(times, function(t) sum(rows$AVAL >= t))
  d1 <- sapply(times, function(t) sum(rows$AVAL == t & rows$STATUS == 1))
  d2 <- sapply(times, function(t) sum(rows$AVAL == t & rows$STATUS > 1))
  after <- cumprod(1 - (d1 + d2) / n)
  before <- c(1, after)[seq_along(times)]
  incidence <- cumsum(before * d1 / n)
  p <- incidence[length(times)]
  g <- ifelse(after > 0, (p - incidence) / after, 0)
  v <- sum(before^2 / n^2 * ((1 - g)^2 * d1 + g^2 * d2 - ((1 - g) * d1 - g * d2)^2 / n))
  list(p = p, v = v)
}
cumulative_incidence <- function(analysis, d, times, conf_level, conf_type, variance) {
  each_arm(analysis, d, function(arm, rows) {
    for (time in times) {
      read <- incidence_at(rows, time, variance)
      read_curve(analysis, arm, rows, time, read$p, sqrt(read$v), conf_level, conf_type)
    }
  })
}
