# One job of benchmarks/survival.py by an R peer: Rscript survival_jobs.R JOB PEER FILE REPS COLUMN,COLUMN,...
a <- commandArgs(TRUE); job <- a[1]; peer <- a[2]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "timed_calls.R"))
d <- read_columns(a[3], a[5])
need(peer)
covariates <- as.formula(paste("Surv(time, event) ~", paste0("x", 1:10, collapse = " + ")))
at <- function(f, t, what) summary(f, times = t)[[what]]
run <- switch(paste(job, peer),
  "kaplan-meier survival" = function() at(survfit(Surv(time, event) ~ 1, d, conf.type = "log-log"), 365, "surv"),
  "logrank survival" = function() survdiff(Surv(time, event) ~ arm + strata(stratum), d)$chisq,
  "logrank-fh survival" = function() survdiff(Surv(time, event) ~ arm + strata(stratum), d, rho = 1)$chisq,
  "cox survival" = function() coef(coxph(covariates, d))[[1]],
  "cox-robust survival" = function() sqrt(vcov(coxph(covariates, d, robust = TRUE))[1, 1]),
  "gray cmprsk" = function() cuminc(d$time, d$status, d$arm)$Tests[1, 1],
  "gray prodlim" = function() { f <- prodlim(Hist(time, status) ~ arm, d); NA },
  "gray-survfit survival" = {
    d$cause <- factor(d$status, 0:2, c("censored", "event", "death"))
    function() { f <- summary(survfit(Surv(time, cause) ~ arm, d), times = 365); f$std.err[2, 2] }
  },
  "fine-gray mets" = function() coef(cifreg(Event(time, status) ~ arm + x1 + x2, d, cause = 1, propodds = NULL))[[1]],
  "fine-gray fastcmprsk" = function() fastCrr(Crisk(d$time, d$status) ~ d$arm + d$x1 + d$x2, variance = FALSE)$coef[[1]],
  "fine-gray-small cmprsk" = function() crr(d$time, d$status, as.matrix(d[c("arm", "x1", "x2")]))$coef[[1]],
  "restricted-mean survival" = function() {
    diff(summary(survfit(Surv(time, event) ~ arm, d), rmean = 730)$table[, "rmean"])[[1]]
  },
  "restricted-mean survRM2" = function() rmst2(d$time, d$event, d$arm, tau = 730)$unadjusted.result[1, 1],
  stop("no such job: ", job, " ", peer))
time_calls(run, as.integer(a[4]))
