# ---- Recurrent events: rows (TSTART, TSTOP], STATUS 1 an event, 2 death or another end -------------
# Mean number of events by a time where death ends it (Ghosh and Lin 2000): sum of S(u-) d/Y; its variance
# is the sum over subjects of psi^2.  Without deaths it is that of Lawless and Nadeau, which
# survfit(Surv(TSTART, TSTOP, STATUS == 1) ~ 1, id = USUBJID) also gives.
mean_number <- function(rows, time) {
  times <- sort(unique(rows$TSTOP[rows$STATUS > 0 & rows$TSTOP <= time]))
  if (length(times) == 0) return(c(0, 0))
  who <- factor(rows$USUBJID)
  cells <- function(f) {
    # one row a subject, one column a time
    part <- vapply(times, function(t) as.numeric(tapply(f(t), who, sum)), numeric(nlevels(who)))
    matrix(part, nrow = nlevels(who))
  }
  at_risk <- cells(function(t) rows$TSTART < t & rows$TSTOP >= t)
  events <- cells(function(t) rows$TSTOP == t & rows$STATUS == 1)
  deaths <- cells(function(t) rows$TSTOP == t & rows$STATUS > 1)
  y <- colSums(at_risk)
  survival <- cumprod(1 - colSums(deaths) / y)
  before <- c(1, survival)[seq_along(times)]
  mu <- cumsum(before * colSums(events) / y)
  total <- mu[length(mu)]
  spread <- function(x, scale) rowSums(sweep(x - sweep(at_risk, 2, colSums(x) / y, "*"), 2, scale, "*"))
  psi <- spread(events, before / y) - spread(deaths, (total - mu) / y)
  c(total, sum(psi^2))
}
mean_cumulative <- function(analysis, d, times, conf_level, conf_type, variance) {
  each_arm(analysis, d, function(arm, rows) for (time in times) {
    m <- mean_number(rows, time)
    read_curve(analysis, arm, rows, time, m[1], sqrt(m[2]), conf_level, conf_type, bounded = FALSE,
               stop = rows$TSTOP)
  })
}
mean_cumulative_contrast <- function(analysis, d, times, kind, conf_level) {
  each_pair(d, function(rows, experimental, label) for (time in times) {
    m <- cbind(mean_number(rows[!experimental, ], time), mean_number(rows[experimental, ], time))
    put_contrast(analysis, label, m[1, ], m[2, ], kind, conf_level, time)
  })
}
DAYS_PER_YEAR <- 365.25
event_rate <- function(analysis, d, rate, conf_level, window) {
  d <- outside_window(d, window)
  for (number in arms_in(d)) {
    rows <- d[d$ARMN == number, ]
    years <- (rows$TSTOP - rows$TSTART) / DAYS_PER_YEAR
    event <- rows$STATUS == 1
    put_all(analysis, ARMS[number], list(n_subjects = length(unique(rows$USUBJID)), n_events = sum(event),
                                         subject_years = sum(years)))
    if (rate == "pooled") {
      limits <- poisson.test(sum(event), sum(years), conf.level = conf_level)$conf.int
      mean <- sum(event) / sum(years)
      se <- sqrt(sum(event)) / sum(years)
    } else {
      unit <- if (has_lesions(rows)) paste(rows$USUBJID, rows$LNKID) else rows$USUBJID
      each <- tapply(event, unit, sum) / tapply(years, unit, sum)
      mean <- sum(each) / length(each)
      se <- sd(each) / sqrt(length(each))
      limits <- normal_limits(mean, se, conf_level)
    }
    put_all(analysis, ARMS[number], list(estimate = mean, std_error = se, lower = limits[1], upper = limits[2]))
  }
}
