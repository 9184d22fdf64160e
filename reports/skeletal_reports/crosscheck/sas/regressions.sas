/* ---- Regressions on the arm (indicators arm2, arm3, ... of the rows) and covariates ---- */
%macro ratio_rows(from, analysis, errors=1);
  data _p; set &from; length statistic $64; time = .;
    where upcase(parameter) like 'ARM%';
    ARMN = input(substr(parameter, 4), 8.);
    z = quantile('normal', 0.975);
    statistic = 'coefficient'; sas = estimate; output;
    statistic = 'ratio'; sas = exp(estimate); output;
    %if &errors %then %do;
      statistic = 'std_error'; sas = stderr; output;
      statistic = 'ratio_lower'; sas = exp(estimate - z * stderr); output;
      statistic = 'ratio_upper'; sas = exp(estimate + z * stderr); output;
      statistic = 'p_value'; sas = 2 * sdf('normal', abs(estimate / stderr)); output;
    %end;
  run;
  %keep(_p, &analysis, contrast=1)
%mend;
/* TIES=DISCRETE is our exact.  Lesions: sandwich variance by subject. */
%macro cox(analysis, rows, arms, covariates, strata, ties, lesions);
  %counts(&analysis, &rows, by_arm=0, competing=0, lesions=&lesions)
  data _d; set &rows; event = (STATUS = 1); run;
  ods exclude all;
  ods output ParameterEstimates=_e;
  proc phreg data=_d %if &lesions %then covs(aggregate);;
    model AVAL*event(0) = &arms &covariates / ties=&ties gconv=1e-14 maxiter=100;
    %if %length(&strata) %then %do; strata &strata; %end;
    %if &lesions %then %do; id USUBJID; %end;
  run;
  ods exclude none;
  %ratio_rows(_e, &analysis)
%mend;
%macro cause_specific_cox(analysis, rows, arms, covariates, strata, ties, lesions);
  %cox(&analysis, &rows, &arms, &covariates, &strata, &ties, &lesions)
%mend;
%macro andersen_gill(analysis, rows, arms, covariates, strata, ties, lesions);
  %counts(&analysis, &rows, by_arm=0, competing=0, lesions=&lesions)
  data _d; set &rows; event = (STATUS = 1); run;
  ods exclude all;
  ods output ParameterEstimates=_e;
  proc phreg data=_d covs(aggregate);
    model (TSTART, TSTOP)*event(0) = &arms &covariates / ties=&ties gconv=1e-14 maxiter=100;
    %if %length(&strata) %then %do; strata &strata; %end;
    id USUBJID;
  run;
  ods exclude none;
  %ratio_rows(_e, &analysis)
%mend;
/* Only the coefficient and the ratio are compared: the variance of PHREG is not that of cmprsk::crr, which
   ours is (it treats the censoring weights in another way). */
%macro fine_gray(analysis, rows, arms, covariates);
  %counts(&analysis, &rows, by_arm=0, competing=0)
  ods exclude all;
  ods output ParameterEstimates=_e;
  proc phreg data=&rows;
    model AVAL*STATUS(0) = &arms &covariates / eventcode=1 ties=breslow gconv=1e-14 maxiter=100;
  run;
  ods exclude none;
  %ratio_rows(_e, &analysis, errors=0)
%mend;
/* Coefficients on log time. */
%macro parametric(analysis, rows, arms, covariates, dist);
  %counts(&analysis, &rows, by_arm=0, competing=0)
  data _d; set &rows; event = (STATUS = 1); run;
  ods exclude all;
  ods output ParameterEstimates=_e;
  proc lifereg data=_d;
    model AVAL*event(0) = &arms &covariates / dist=&dist converge=1e-12 maxiter=200;
  run;
  ods exclude none;
  %ratio_rows(_e, &analysis)
%mend;
