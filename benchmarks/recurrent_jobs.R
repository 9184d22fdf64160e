# One job of benchmarks/recurrent.py by an R peer: Rscript recurrent_jobs.R JOB PEER FILE REPS COLUMN,COLUMN,...
a <- commandArgs(TRUE); job <- a[1]; peer <- a[2]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))), "timed_calls.R"))
d <- read_columns(a[3], a[5])
need(peer); if (peer %in% c("mets", "reda", "MASS", "interval", "icenReg")) need("survival")
if (!is.null(d$status)) d$event <- as.integer(d$status == 1)
pairs <- function() data.frame(id = seq_len(nrow(d)), arm = ifelse(d$arm == 1, "T", "C"), stratum = 1,
  Delta_1 = d$d1, Delta_2 = d$d2, Y_1 = d$y1, Y_2 = d$y2)
open <- function(x) ifelse(is.infinite(x), NA, x)
run <- switch(paste(job, peer),
  "andersen-gill survival" = function() coef(coxph(Surv(start, stop, event) ~ arm + x, d, cluster = id))[[1]],
  "andersen-gill mets" = function() coef(phreg(Surv(start, stop, event) ~ arm + x + cluster(id), d))[[1]],
  "mean-cumulative survival" = function() {
    f <- summary(survfit(Surv(start, stop, event) ~ arm, d, id = id), times = 1); f$std.chaz[2]
  },
  "mean-cumulative reda" = function() { f <- mcf(Recur(start %to% stop, id, event) ~ arm, data = d); NA },
  "mean-with-death mets" = if ("death" %in% names(formals(recurrentMarginal))) function() {  # mets before 1.3.3
    fit <- function(k) phreg(Surv(start, stop, status == k) ~ strata(arm) + cluster(id), d)
    f <- recurrentMarginal(fit(1), fit(2)); NA
  } else function() {
    f <- recurrentMarginal(Event(start, stop, status) ~ strata(arm) + cluster(id), d, cause = 1, death.code = 2); NA
  },
  "ghosh-lin mets" = function() {
    coef(recreg(Event(start, stop, status) ~ arm + x + cluster(id), d, cause = 1, death.code = 2))[[1]]
  },
  "pwp survival" = {
    d$order <- ave(d$event, d$id, FUN = function(e) cumsum(c(1, e[-length(e)])))
    function() coef(coxph(Surv(start, stop, event) ~ arm + x + strata(order), d, cluster = id))[[1]]
  },
  "negative-binomial MASS" = {
    k <- aggregate(cbind(event, time = stop - start) ~ id + arm + x, d, sum)
    function() coef(glm.nb(event ~ arm + x + offset(log(time)), k))[[2]]
  },
  "win BuyseTest" = , "win-large BuyseTest" = function() {
    f <- BuyseTest(arm ~ tte(y1, status = d1, threshold = 0) + tte(y2, status = d2, threshold = 0), data = d,
      scoring.rule = "Gehan", method.inference = "u-statistic", trace = 0)
    unname(coef(f, statistic = "winRatio")[2])
  },
  "win WINS" = { y <- pairs(); function() {
    sink("/dev/null"); on.exit(sink())
    f <- win.stat(data = y, ep_type = "tte", arm.name = c("T", "C"), priority = 1:2, pvalue = "two-sided",
      stratum.weight = "unstratified", method = "unadjusted", summary.print = FALSE)
    f$Win_statistic$Win_Ratio[[1]]
  } },
  "win WR" = {
    e <- d$d2 == 1; id <- seq_len(nrow(d))
    x <- rbind(data.frame(id = id[e], t = d$y2[e], s = 2, arm = d$arm[e]),
      data.frame(id = id, t = d$y1, s = d$d1, arm = d$arm))
    x <- x[order(x$id, x$t), ]
    function() exp(unname(WRrec(x$id, x$t, x$s, x$arm)$log.WR))
  },
  "turnbull icenReg" = function() ic_np(cbind(left, right) ~ arm, transform(d, arm = factor(arm)))$fitList[[1]]$llk,
  "turnbull interval" = function() { f <- icfit(Surv(left, right, type = "interval2") ~ arm, data = d); NA },
  "turnbull npsurv" = function() sum(sapply(0:1, function(g) npsurv(as.matrix(d[d$arm == g, c("left", "right")]))$ll)[1]),
  "turnbull survival" = function() {
    f <- survfit(Surv(ifelse(left == 0, NA, left), open(right), type = "interval2") ~ arm, d); NA
  },
  stop("no such job: ", job, " ", peer))
time_calls(run, as.integer(a[4]))
