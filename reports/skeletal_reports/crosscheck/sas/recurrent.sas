/* ---- Recurrent events ---- */
/* Pooled: exact Poisson limits from chi-square quantiles.  each=1: mean of the subjects' rates, normal limits. */
%macro event_rate(analysis, rows, level, each);
  proc sql;
    create table _u as select ARMN, USUBJID, sum(STATUS = 1) as d, sum(TSTOP - TSTART) / 365.25 as years
      from &rows group by ARMN, USUBJID;
    create table _a as select ARMN, count(*) as n, sum(d) as d, sum(years) as years, mean(d / years) as m,
      std(d / years) as s from _u group by ARMN;
  quit;
  data _a; set _a; length statistic $64; time = .;
    tail = (1 - &level) / 2;
    %if &each %then %do; p = m; se = s / sqrt(n); z = quantile('normal', 1 - tail); lower = p - z * se; upper = p + z * se; %end;
    %else %do;
      p = d / years; se = sqrt(d) / years;
      lower = ifn(d > 0, quantile('chisq', tail, 2 * max(d, 1)) / (2 * years), 0);
      upper = quantile('chisq', 1 - tail, 2 * d + 2) / (2 * years);
    %end;
    statistic = 'n_subjects'; sas = n; output;
    statistic = 'n_events'; sas = d; output;
    statistic = 'subject_years'; sas = years; output;
    statistic = 'estimate'; sas = p; output;
    statistic = 'std_error'; sas = se; output;
    statistic = 'lower'; sas = lower; output;
    statistic = 'upper'; sas = upper; output;
  run;
  %keep(_a, &analysis)
%mend;
