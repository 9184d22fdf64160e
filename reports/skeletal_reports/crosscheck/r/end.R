# ---- Comparison ------------------------------------------------------------------------------------
# Equal: the difference is at most the tolerance times the larger of the two numbers, or both are missing
# (not estimable).  Below 1e-12 two numbers are equal to 0.
expected <- read_table("expected.csv")
expected$r <- found$value[match(expected$key, found$key)]
missing <- is.na(expected$value) & is.na(expected$r)
expected$difference <- expected$r - expected$value
size <- pmax(abs(expected$value), abs(expected$r))
expected$equal <- missing | (!is.na(expected$difference) &
  abs(expected$difference) <= pmax(expected$tolerance * size, 1e-12))

number <- function(x, form) ifelse(is.na(x), "", sprintf(form, x))
for (row in seq_len(nrow(expected))) {
  line <- expected[row, ]
  cat(sprintf("%-64s %18s %18s %10s %s\n", enc2utf8(line$key), number(line$value, "%.10g"), number(line$r, "%.10g"),
              number(line$difference, "%.2g"), if (line$equal) "yes" else "NO"))
}
quoted <- function(x) paste0("\"", gsub("\"", "\"\"", enc2utf8(x)), "\"")
lines <- paste(quoted(expected$key), number(expected$value, "%.17g"), number(expected$r, "%.17g"),
               number(expected$difference, "%.3g"), ifelse(expected$equal, "yes", "no"), sep = ",")
output <- file(file.path(folder, "r-results.csv"), open = "wb")
writeLines(c("key,value,r,difference,equal", lines), output, useBytes = TRUE)
close(output)

cat(sprintf("%d of %d equal to %g\n", sum(expected$equal), nrow(expected), TOLERANCE))
if (!all(expected$equal)) quit(status = 1)
