"""Repeated measures: mixed models, estimating equations, responders, imputation of missing visits."""
