# The folder of this script: data/ and expected.csv are read from it, r-results.csv is written into it.
script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- if (length(script)) dirname(normalizePath(script[1])) else getwd()

read_table <- function(name) {
  path <- file.path(folder, name)
  columns <- names(read.csv(path, encoding = "UTF-8", check.names = FALSE, nrows = 1))
  text <- intersect(columns, c("USUBJID", "LNKID", "ARM", "key", "method"))
  read.csv(path, encoding = "UTF-8", check.names = FALSE, na.strings = "", stringsAsFactors = FALSE,
           colClasses = setNames(rep("character", length(text)), text))
}
rows_of <- function(estimand) read_table(file.path("data", FILES[[estimand]]))

# ---- What was computed -----------------------------------------------------------------------------
found <- new.env()
found$key <- character(0)
found$value <- numeric(0)
put <- function(analysis, arm, statistic, value, time = NULL) {
  at <- if (is.null(time)) "" else sprintf("@%g", time)
  found$key <- c(found$key, paste0(analysis, "/", arm, "/", statistic, at))
  number <- if (length(value) == 1) as.numeric(value) else NA_real_
  found$value <- c(found$value, if (is.finite(number)) number else NA_real_)   # infinite: not estimable
}
put_all <- function(analysis, arm, values, time = NULL) {
  for (name in names(values)) put(analysis, arm, name, values[[name]], time)
}
check <- function(analysis, method, estimand, ...) {
  failed <- function(error) cat("R says of", analysis, ":", conditionMessage(error), "\n")
  tryCatch(method(analysis, rows_of(estimand), ...), error = failed)
}

# ---- Arms, strata, design --------------------------------------------------------------------------
arms_in <- function(d) seq_along(ARMS)[seq_along(ARMS) %in% d$ARMN]
against_control <- function(number) paste(ARMS[number], "vs", ARMS[1])
# Calls `f(rows, experimental, label)` for each experimental arm; `experimental` is TRUE for its rows.
# f is not called where an arm has no rows.
each_pair <- function(d, f) {
  for (number in seq_along(ARMS)[-1]) {
    rows <- d[d$ARMN %in% c(1, number), ]
    if (length(unique(rows$ARMN)) == 2) f(rows, rows$ARMN == number, against_control(number))
  }
}
strata_of <- function(d, names) {
  if (length(names) == 0) return(rep("all", nrow(d)))
  do.call(paste, c(unname(d[names]), sep = " / "))
}
design <- function(d, covariates = character(0)) {
  experimental <- arms_in(d)
  experimental <- experimental[experimental != 1]
  x <- sapply(experimental, function(number) as.numeric(d$ARMN == number))
  x <- cbind(matrix(x, nrow = nrow(d)), as.matrix(d[covariates]))
  colnames(x) <- c(sprintf("arm%d", experimental), covariates)
  x
}
counts <- function(analysis, arm, d, competing = FALSE) {
  put(analysis, arm, "n_subjects", length(unique(d$USUBJID)))
  if (has_lesions(d)) put(analysis, arm, "n_lesions", nrow(unique(d[c("USUBJID", "LNKID")])))
  put(analysis, arm, "n_events", sum(d$STATUS == 1))
  if (competing) put(analysis, arm, "n_competing", sum(d$STATUS > 1))
}
has_lesions <- function(d) "LNKID" %in% names(d)

# ---- Limits ----------------------------------------------------------------------------------------
quantile_of <- function(conf_level) qnorm((1 + conf_level) / 2)
normal_limits <- function(estimate, se, conf_level) estimate + c(-1, 1) * quantile_of(conf_level) * se
two_sided <- function(z) 2 * pnorm(-abs(z))
# Pointwise limits of a curve: normal on the scale of `type` of the estimate p itself.  Where the standard
# error is 0 the limits are the estimate (survfit has NA there for some types).
curve_limits <- function(p, se, conf_level, type, bounded = TRUE) {
  if (is.na(se)) return(c(NA, NA))
  if (se == 0) return(c(p, p))
  half <- quantile_of(conf_level) * se * c(-1, 1)
  inside <- p > 0 && p < 1
  limits <- switch(type,
    "plain" = p + half,
    "log" = if (p > 0) p * exp(half / p) else c(NA, NA),
    "log-log" = if (inside) exp(-exp(log(-log(p)) + half / (p * log(p)))) else c(NA, NA),
    "logit" = if (inside) plogis(qlogis(p) + half / (p * (1 - p))) else c(NA, NA),
    "arcsine" = if (inside) sin(pmin(pmax(asin(sqrt(p)) + half / (2 * sqrt(p * (1 - p))), 0), pi / 2))^2
                else c(NA, NA)
  )
  limits <- sort(limits, na.last = TRUE)
  if (type == "plain") limits[1] <- max(limits[1], 0)
  if (bounded) limits[2] <- min(limits[2], 1)
  limits
}
