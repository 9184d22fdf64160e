# ---- Families of hypotheses ------------------------------------------------------------------------
# Adjusted p-values of those that R found above; a fixed sequence carries the largest so far.
family <- function(analysis, hypotheses, arms, keys, method, alpha) {
  p <- found$value[match(keys, found$key)]
  adjusted <- if (method == "fixed_sequence") cummax(p) else p.adjust(p, method)
  for (k in seq_along(hypotheses)) {
    values <- list(p[k], adjusted[k], as.numeric(adjusted[k] <= alpha))
    names(values) <- sprintf(c("p_value[%s]", "adjusted_p_value[%s]", "rejected[%s]"), hypotheses[k])
    put_all(analysis, arms[k], values)
  }
}
