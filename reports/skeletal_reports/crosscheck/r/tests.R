# ---- Tests of the arms -----------------------------------------------------------------------------
# The weight at each event time of a stratum, from pooled counts: n at risk, d events.
logrank_weight <- function(weight, times, n, d) {
  after <- cumprod(1 - d / n)
  before <- c(1, after)[seq_along(times)]
  switch(weight$name,
    "unweighted" = rep(1, length(times)),
    "fleming-harrington" = before^weight$rho * (1 - before)^weight$gamma,
    "gehan" = n,
    "tarone-ware" = sqrt(n),
    "peto-peto" = cumprod(1 - d / (n + 1)),
    "modestly-weighted" = 1 / pmax(before, if (!is.null(weight$s_star)) weight$s_star
                                           else c(1, after)[sum(times <= weight$t_star) + 1])
  )
}
# Weighted observed, expected and hypergeometric variance of each arm, added up over strata.
logrank_sums <- function(d, strata, weight) {
  arms <- arms_in(d)
  sums <- list(arms = arms, observed = 0, expected = 0, variance = 0)
  for (s in split(d, strata_of(d, strata))) {
    times <- sort(unique(s$AVAL[s$STATUS == 1]))
    if (length(times) == 0) next
    at_risk <- sapply(arms, function(a) sapply(times, function(t) sum(s$ARMN == a & s$AVAL >= t)))
    events <- sapply(arms, function(a) sapply(times, function(t) sum(s$ARMN == a & s$AVAL == t & s$STATUS == 1)))
    at_risk <- matrix(at_risk, ncol = length(arms))
    events <- matrix(events, ncol = length(arms))
    n <- rowSums(at_risk)
    total <- rowSums(events)
    w <- logrank_weight(weight, times, n, total)
    sums$observed <- sums$observed + colSums(w * events)
    sums$expected <- sums$expected + colSums(w * total * at_risk / n)
    for (row in seq_along(times)[n > 1]) {
      share <- at_risk[row, ] / n[row]
      size <- w[row]^2 * total[row] * (n[row] - total[row]) / (n[row] - 1)
      sums$variance <- sums$variance + size * (diag(share, length(share)) - outer(share, share))
    }
  }
  sums
}
# survdiff has rho alone: unweighted, and Fleming-Harrington with gamma 0.  Other weights: the sums above.
logrank <- function(analysis, d, strata, weight) {
  rho <- if (weight$name == "fleming-harrington" && weight$gamma == 0) weight$rho
         else if (weight$name == "unweighted") 0
  if (is.null(rho)) {
    s <- logrank_sums(d, strata, weight)
    u <- (s$observed - s$expected)[-1]
    values <- list(o = s$observed, e = s$expected, chisq = sum(u * solve(s$variance[-1, -1, drop = FALSE], u)))
  } else {
    group <- strata_of(d, strata)
    fit <- if (length(strata)) survdiff(Surv(AVAL, STATUS == 1) ~ ARMN + strata(group), data = d, rho = rho)
           else survdiff(Surv(AVAL, STATUS == 1) ~ ARMN, data = d, rho = rho)
    total <- function(x) if (is.matrix(x)) rowSums(x) else x
    values <- list(o = total(fit$obs), e = total(fit$exp), chisq = fit$chisq)
  }
  df <- length(arms_in(d)) - 1
  put_all(analysis, "all", list(statistic = values$chisq, df = df,
                                p_value = pchisq(values$chisq, df, lower.tail = FALSE)))
  for (place in seq_along(arms_in(d))) {
    put(analysis, ARMS[arms_in(d)[place]], "observed", values$o[place])
    put(analysis, ARMS[arms_in(d)[place]], "expected", values$e[place])
  }
}
logrank_trend <- function(analysis, d, scores, strata, weight) {
  s <- logrank_sums(d, strata, weight)
  score <- scores[s$arms]
  statistic <- sum(score * (s$observed - s$expected))^2 / drop(score %*% s$variance %*% score)
  put_all(analysis, "all", list(statistic = statistic, df = 1,
                                p_value = pchisq(statistic, 1, lower.tail = FALSE)))
}
# The components of a MaxCombo test; its p-value needs the multivariate normal distribution (mvtnorm).
max_combo <- function(analysis, d, weights, strata, alternative) {
  each_pair(d, function(rows, experimental, label) {
    z <- sapply(weights, function(weight) {
      s <- logrank_sums(rows, strata, weight)
      (s$observed - s$expected)[2] / sqrt(s$variance[2, 2])
    })
    for (place in seq_along(z)) put(analysis, label, paste0("z", place), z[place])
    put(analysis, label, "statistic", switch(alternative, "two-sided" = max(abs(z)), "less" = max(-z), max(z)))
  })
}
gray_test <- function(analysis, d, strata, rho) {
  fit <- cuminc(d$AVAL, d$STATUS, d$ARMN, strata = strata_of(d, strata), rho = rho)
  test <- fit$Tests["1", ]
  # the p-value from the statistic: cuminc gives 1 - pchisq, which loses the digits of a small one
  p_value <- pchisq(test[["stat"]], test[["df"]], lower.tail = FALSE)
  put_all(analysis, "all", list(statistic = test[["stat"]], df = test[["df"]], p_value = p_value))
}
