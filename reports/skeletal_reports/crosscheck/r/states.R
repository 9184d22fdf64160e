# ---- States: the number of events so far, at most `most` counted apart, and death -------------------
state_rows <- function(d, max_order) {
  most <- if (is.null(max_order)) 1 else max_order
  d <- d[order(d$USUBJID, d$TSTART), ]
  event <- as.integer(d$STATUS == 1)
  before <- ave(event, d$USUBJID, FUN = cumsum) - event
  names <- c("event-free", if (most > 1) paste(seq_len(most - 1), ifelse(seq_len(most - 1) == 1, "event", "events")),
             paste(most, "or more events"), "dead")
  d$from <- names[pmin(before, most) + 1]
  d$to <- ifelse(d$STATUS > 1, "dead", ifelse(event == 1 & before < most, names[pmin(before, most) + 2], "none"))
  attr(d, "states") <- names
  d
}
# Probability of each state over time (Aalen-Johansen) and the influence of each subject on it.
state_curve <- function(rows) {
  names <- attr(rows, "states")
  rows$event <- factor(rows$to, c("none", names))
  rows$begin <- factor(rows$from, names)
  survfit(Surv(TSTART, TSTOP, event) ~ 1, data = rows, id = USUBJID, istate = begin, influence = TRUE)
}
state_occupation <- function(analysis, d, state, times, landmark, from_state, variance, max_order, conf_level) {
  each_arm(analysis, d, function(arm, rows) {
    fit <- state_curve(state_rows(rows, max_order))
    column <- match(state, fit$states)
    for (time in times) {
      p <- step_at(fit$time, fit$pstate[, column], time, as.numeric(state == "event-free"))
      se <- step_at(fit$time, fit$std.err[, column], time, 0)
      read_curve(analysis, arm, rows, time, p, se, conf_level, "log-log", stop = rows$TSTOP)
    }
  })
}
# Mean time in a state to the horizon, and its variance: areas under the curve and under each influence.
area_in_state <- function(rows, state, horizon, max_order) {
  fit <- state_curve(state_rows(rows, max_order))
  column <- match(state, fit$states)
  inside <- fit$time < horizon
  width <- diff(c(0, fit$time[inside], horizon))
  p <- c(as.numeric(state == "event-free"), fit$pstate[inside, column])
  each <- fit$influence.pstate[, , column]
  if (ncol(each) == length(fit$time)) each <- cbind(0, each)   # some versions leave time 0 out
  influence <- each[, c(TRUE, inside), drop = FALSE] %*% width
  c(sum(p * width), sum(influence^2))
}
time_in_state <- function(analysis, d, state, horizon, max_order, conf_level) {
  for (number in arms_in(d)) {
    m <- area_in_state(d[d$ARMN == number, ], state, horizon, max_order)
    put_estimate(analysis, ARMS[number], m[1], sqrt(m[2]), normal_limits(m[1], sqrt(m[2]), conf_level), NA, horizon)
  }
}
time_in_state_contrast <- function(analysis, d, state, horizon, kind, max_order, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    m <- cbind(area_in_state(rows[!experimental, ], state, horizon, max_order),
               area_in_state(rows[experimental, ], state, horizon, max_order))
    put_contrast(analysis, label, m[1, ], m[2, ], kind, conf_level, horizon)
  })
}
# Cox model of every transition at once, each with its baseline; clock "reset": time since entry.
transition_cox <- function(analysis, d, covariates, strata, ties, effects, clock, max_order) {
  counts(analysis, "all", d)
  rows <- state_rows(d, max_order)
  if (clock == "reset") {
    entry <- ave(rows$TSTART, rows$USUBJID, rows$from, FUN = min)
    rows$TSTART <- rows$TSTART - entry
    rows$TSTOP <- rows$TSTOP - entry
  }
  moves <- unique(rows[rows$to != "none", c("from", "to")])
  stacked <- do.call(rbind, lapply(seq_len(nrow(moves)), function(k) {
    part <- rows[rows$from == moves$from[k], ]
    part$STATUS <- as.integer(part$to == moves$to[k])
    part$layer <- paste0(moves$from[k], "->", moves$to[k])
    part
  }))
  by <- effects == "by_transition"
  fit <- layered_cox(stacked, covariates, strata, ties, by)
  layers <- sort(unique(stacked$layer))
  put_named(analysis, d, fit, if (by) paste0("arm%d:", layers) else "arm%d", if (by) paste0("[", layers, "]") else "")
}
# ---- Lesions: a Cox model that takes them as independent, and with the sandwich by subject ----------
lesion_times <- function(analysis, d, covariates, ties, conf_level) {
  each_pair(d, function(rows, experimental, label) {
    x <- cbind(arm = as.numeric(experimental), as.matrix(rows[covariates]))
    naive <- coxph(Surv(rows$AVAL, rows$STATUS == 1) ~ x, ties = ties, control = TIGHT)
    robust <- coxph(Surv(rows$AVAL, rows$STATUS == 1) ~ x, ties = ties, cluster = rows$USUBJID, control = TIGHT)
    refuse_divergence(x, coef(naive))
    b <- coef(naive)[[1]]
    for (name in c("naive", "cluster-robust")) {
      se <- sqrt(vcov(if (name == "naive") naive else robust)[1, 1])
      limits <- exp(normal_limits(b, se, conf_level))
      values <- list(exp(b), se, limits[1], limits[2], two_sided(b / se), se^2 / vcov(naive)[1, 1])
      names(values) <- sprintf(c("estimate[%s]", "std_error[%s]", "lower[%s]", "upper[%s]", "p_value[%s]",
                                 "design_effect[%s]"), name)
      put_all(analysis, label, values)
    }
    put(analysis, label, "n_lesions", nrow(rows))
    put(analysis, label, "n_subjects", length(unique(rows$USUBJID)))
  })
}
