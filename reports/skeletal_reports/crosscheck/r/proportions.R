# ---- Proportions with the event by a day -----------------------------------------------------------
# Known by a day: the event or a competing event came by then, or observation lasted to it.
by_day <- function(d, day) {
  d$event <- d$STATUS == 1 & d$AVAL <= day
  d[(d$STATUS > 0 & d$AVAL <= day) | d$AVAL >= day, ]
}
wilson <- function(x, n, conf_level) {
  as.numeric(suppressWarnings(prop.test(x, n, conf.level = conf_level, correct = FALSE))$conf.int)
}
# Lesions: Wilson limits with the number of independent lesions that has the variance of the ratio.
clustered_wilson <- function(event, subject, conf_level) {
  x <- tapply(event, subject, sum)
  m <- tapply(event, subject, length)
  p <- sum(x) / sum(m)
  v <- sum((x - p * m)^2) / sum(m)^2
  n <- if (p == 0 || p == 1) length(m) else min(p * (1 - p) / v, sum(m))
  z <- quantile_of(conf_level)
  centre <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2)) / (1 + z^2 / n)
  c(if (p > 0) centre - half else 0, if (p < 1) centre + half else 1)
}
proportion <- function(analysis, d, times) {
  for (number in arms_in(d)) for (day in times) {
    known <- by_day(d[d$ARMN == number, ], day)
    x <- sum(known$event)
    limits <- if (nrow(known) == 0) c(NA, NA)
              else if (has_lesions(d)) clustered_wilson(known$event, known$USUBJID, 0.95)
              else wilson(x, nrow(known), 0.95)
    put_all(analysis, ARMS[number], list(n_events = x, n_evaluable = nrow(known), estimate = x / nrow(known),
                                         lower = limits[1], upper = limits[2]), day)
  }
}
# Calls f(label, day, x, n): events and totals as (control, experimental), a row a stratum.  Strata with
# one arm only are left out.
each_table <- function(analysis, d, times, strata, f) {
  each_pair(d, function(rows, experimental, label) for (day in times) {
    known <- by_day(rows, day)
    arm <- factor(known$ARMN != 1, c(FALSE, TRUE))
    group <- factor(strata_of(known, strata))
    n <- unclass(table(group, arm))
    x <- unclass(table(group[known$event], arm[known$event]))
    both <- n[, 1] > 0 & n[, 2] > 0
    put(analysis, label, "n_evaluable", sum(n[both, ]), day)
    if (any(both)) f(label, day, x[both, , drop = FALSE], n[both, , drop = FALSE])
  })
}
risk_difference <- function(analysis, d, times, conf_level, formula) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    p <- x / n
    difference <- p[2] - p[1]
    se <- sqrt(sum(p * (1 - p) / n))
    if (formula == "wald") return(put_difference(analysis, label, difference, se, conf_level, day))
    low <- p - sapply(1:2, function(k) wilson(x[k], n[k], conf_level)[1])
    high <- sapply(1:2, function(k) wilson(x[k], n[k], conf_level)[2]) - p
    limits <- difference + c(-sqrt(low[2]^2 + high[1]^2), sqrt(high[2]^2 + low[1]^2))
    put_estimate(analysis, label, difference, se, limits, NA, day)
  })
}
risk_ratio <- function(analysis, d, times, conf_level, formula) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    put_log_ratio(analysis, label, (x[2] / n[2]) / (x[1] / n[1]), sqrt(sum(1 / x - 1 / n)), conf_level, day)
  })
}
odds_ratio <- function(analysis, d, times, conf_level, formula) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    rest <- n - x
    if (formula == "woolf") {
      ratio <- (x[2] * rest[1]) / (x[1] * rest[2])
      return(put_log_ratio(analysis, label, ratio, sqrt(sum(1 / x + 1 / rest)), conf_level, day))
    }
    # fisher.test stops its search at a relative 1e-4; the same equations here are solved to the last digit
    p_value <- fisher.test(rbind(c(x[2], rest[2]), c(x[1], rest[1])))$p.value
    limits <- conditional_odds(x, n, conf_level)
    put_estimate(analysis, label, limits[1], NA, limits[2:3], p_value, day)
  })
}
# Maximum likelihood and exact limits of the odds ratio given the margins (as fisher.test).
conditional_odds <- function(x, n, conf_level) {
  support <- max(0, sum(x) - n[1]):min(n[2], sum(x))
  base <- dhyper(support, n[2], n[1], sum(x), log = TRUE)
  law <- function(theta) { w <- exp(base + theta * support - max(base + theta * support)); w / sum(w) }
  solve_for <- function(f) exp(uniroot(f, c(-40, 40), tol = 1e-15, maxiter = 1e4)$root)
  tail <- (1 - conf_level) / 2
  y <- x[2]
  c(if (y == min(support)) 0 else if (y == max(support)) NA else solve_for(function(t) sum(support * law(t)) - y),
    if (y == min(support)) 0 else solve_for(function(t) sum(law(t)[support >= y]) - tail),
    if (y == max(support)) NA else solve_for(function(t) sum(law(t)[support <= y]) - tail))
}
proportions_test <- function(analysis, d, times, formula) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    p <- x / n
    if (formula == "unpooled") statistic <- (p[2] - p[1])^2 / sum(p * (1 - p) / n)
    else statistic <- unname(suppressWarnings(prop.test(c(x), c(n), correct = formula == "yates"))$statistic)
    put_all(analysis, label, list(statistic = statistic, z = sign(p[2] - p[1]) * sqrt(statistic),
                                  p_value = pchisq(statistic, 1, lower.tail = FALSE)), day)
  })
}
fisher_test <- function(analysis, d, times, formula, alternative) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    if (formula == "mid") {
      # the tables as probable as the observed one count by half
      support <- max(0, sum(x) - n[1]):min(n[2], sum(x))
      law <- dhyper(support, n[2], n[1], sum(x))
      own <- law[support == x[2]]
      same <- if (alternative == "two-sided") abs(law - own) <= 1e-7 * own else support == x[2]
      beyond <- switch(alternative, "two-sided" = law < own & !same, "less" = support < x[2], support > x[2])
      p_value <- sum(law[beyond]) + sum(law[same]) / 2
    } else {
      table <- rbind(c(x[2], n[2] - x[2]), c(x[1], n[1] - x[1]))
      p_value <- fisher.test(table, alternative = sub("-", ".", alternative, fixed = TRUE))$p.value
    }
    put_all(analysis, label, list(statistic = x[2], z = NA, p_value = p_value), day)
  })
}
# Wald's statistic against a margin of the difference.
noninferiority_test <- function(analysis, d, times, margin, alternative, formula, kind) {
  each_table(analysis, d, times, character(0), function(label, day, x, n) {
    p <- x / n
    z <- (p[2] - p[1] - margin) / sqrt(sum(p * (1 - p) / n))
    p_value <- pnorm(z, lower.tail = alternative == "less")
    put_all(analysis, label, list(statistic = z^2, z = z, p_value = p_value), day)
  })
}
# Event, arm, stratum, the experimental arm first.
as_strata <- function(x, n) {
  cells <- array(0, c(2, 2, nrow(x)))
  for (k in seq_len(nrow(x))) cells[, , k] <- rbind(c(x[k, 2], n[k, 2] - x[k, 2]), c(x[k, 1], n[k, 1] - x[k, 1]))
  cells
}
cmh_statistic <- function(x, n) {
  events <- rowSums(x)
  total <- rowSums(n)
  observed <- sum(x[, 2])
  gap <- observed - sum(n[, 2] * events / total)
  list(z = gap / sqrt(sum(n[, 1] * n[, 2] * events * (total - events) / (total^2 * (total - 1)))))
}
cmh_test <- function(analysis, d, times, strata) {
  each_table(analysis, d, times, strata, function(label, day, x, n) {
    z <- cmh_statistic(x, n)$z
    statistic <- if (nrow(x) > 1) unname(mantelhaen.test(as_strata(x, n), correct = FALSE)$statistic) else z^2
    put_all(analysis, label, list(statistic = statistic, z = sign(z) * sqrt(statistic),
                                  p_value = pchisq(statistic, 1, lower.tail = FALSE)), day)
  })
}
# The standard error of the log is read off the limits of mantelhaen.test.
stratified_odds_ratio <- function(analysis, d, times, conf_level, formula, strata) {
  each_table(analysis, d, times, strata, function(label, day, x, n) {
    test <- mantelhaen.test(as_strata(x, n), correct = FALSE, conf.level = conf_level)
    limits <- as.numeric(test$conf.int)
    se <- diff(log(limits)) / (2 * quantile_of(conf_level))
    p_value <- pchisq(unname(test$statistic), 1, lower.tail = FALSE)
    put_estimate(analysis, label, unname(test$estimate), se, limits, p_value, day)
  })
}
stratified_risk_difference <- function(analysis, d, times, conf_level, formula, strata) {
  each_table(analysis, d, times, strata, function(label, day, x, n) {
    p <- x / n
    weight <- n[, 1] * n[, 2] / rowSums(n)
    weight <- weight / sum(weight)
    difference <- sum(weight * (p[, 2] - p[, 1]))
    put_difference(analysis, label, difference, sqrt(sum(weight^2 * rowSums(p * (1 - p) / n))), conf_level, day)
  })
}
