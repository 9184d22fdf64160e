# What the *_jobs.R files share: the columns of a file, a package or the word that it is missing, timed calls.
need <- function(package) if (!requireNamespace(package, quietly = TRUE)) { cat('{"missing": true}\n'); quit() } else
  suppressWarnings(suppressPackageStartupMessages(library(package, character.only = TRUE)))
read_columns <- function(path, columns) {
  names <- strsplit(columns, ",")[[1]]
  values <- readBin(path, "double", file.size(path) / 8)
  as.data.frame(matrix(values, ncol = length(names), dimnames = list(NULL, names)))
}
# Prints one line of JSON with the seconds of each call and a value to compare; a call over 20 s is the last.
time_calls <- function(run, reps) {
  seconds <- numeric()
  while (length(seconds) < reps && !(length(seconds) && seconds[length(seconds)] > 20)) {
    gc(FALSE); start <- Sys.time(); value <- run()
    seconds <- c(seconds, as.numeric(difftime(Sys.time(), start, units = "secs")))
  }
  cat(sprintf('{"seconds": [%s], "value": %s}\n', paste(sprintf("%.6f", seconds), collapse = ", "),
    if (is.na(value)) "null" else sprintf("%.15g", value)))
}
