/* ---- What was computed: one row a number, named by arm (ARMN; 0 all arms), statistic and time ---- */
data found; length analysis $200 ARMN 8 contrast 8 statistic $64 time 8 sas 8; stop; run;
data arms;
  infile "&folder/data/arms.csv" dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;
  length ARMN 8 ARM $400;
  input ARMN ARM;
run;
/* Takes rows with ARMN (0: all arms; contrast=1: against the control), statistic, time, sas. */
%macro keep(from, analysis, contrast=0);
  data _kept; set &from;
    length analysis $200 statistic $64;
    analysis = "&analysis"; contrast = &contrast;
    keep analysis ARMN contrast statistic time sas;
  run;
  proc append base=found data=_kept force nowarn; run;
%mend;
%macro counts(analysis, rows, by_arm=1, competing=1, lesions=0);
  data _source; set &rows; %if &by_arm = 0 %then %do; ARMN = 0; %end; run;
  proc sql noprint;
    create table _n as select ARMN, count(distinct USUBJID) as n_subjects, sum(STATUS = 1) as n_events
      %if &competing %then , sum(STATUS > 1) as n_competing;
      %if &lesions %then , count(distinct catx('|', USUBJID, LNKID)) as n_lesions;
      from _source group by ARMN;
  quit;
  proc transpose data=_n out=_n2(rename=(_name_=statistic col1=sas)); by ARMN; run;
  data _n2; set _n2; time = .; run;
  %keep(_n2, &analysis)
%mend;
%macro at_risk(analysis, rows, times, recurrent=0);
  data _r; set &rows;
    %do i = 1 %to %sysfunc(countw(&times));
      time = %scan(&times, &i);
      %if &recurrent %then %do; there = TSTART < time <= TSTOP; %end;
      %else %do; there = AVAL >= time; %end;
      output;
    %end;
  run;
  proc sql; create table _r2 as select ARMN, time, 'n_at_risk' as statistic length=64, sum(there) as sas
    from _r group by ARMN, time; quit;
  %keep(_r2, &analysis)
%mend;
/* Estimate and standard error -> limits by formula, on the scale of conf_type, of the estimate itself. */
%macro limits(from, out, level, conf_type, bounded=1);
  data &out; set &from;
    length statistic $64;
    z = quantile('normal', (1 + &level) / 2);
    half = z * se;
    lower = .; upper = .;
    if se = 0 then do; lower = p; upper = p; end;
    else if not missing(se) then do;
      if "&conf_type" = "plain" then do; lower = max(p - half, 0); upper = p + half; end;
      if "&conf_type" = "log" and p > 0 then do; lower = p * exp(-half / p); upper = p * exp(half / p); end;
      if "&conf_type" = "log-log" and 0 < p < 1 then do;
        ratio = exp(half / (p * log(p)));
        lower = exp(log(p) / ratio); upper = exp(log(p) * ratio);
      end;
      if "&conf_type" = "logit" and 0 < p < 1 then do;
        lower = logistic(log(p / (1 - p)) - half / (p * (1 - p)));
        upper = logistic(log(p / (1 - p)) + half / (p * (1 - p)));
      end;
      if "&conf_type" = "arcsine" and 0 < p < 1 then do;
        width = half / (2 * sqrt(p * (1 - p)));
        lower = sin(max(arsin(sqrt(p)) - width, 0)) ** 2;
        upper = sin(min(arsin(sqrt(p)) + width, constant('pi') / 2)) ** 2;
      end;
      %if &bounded %then %do; if not missing(upper) then upper = min(upper, 1); %end;
    end;
    statistic = 'estimate'; sas = p; output;
    statistic = 'std_error'; sas = se; output;
    statistic = 'lower'; sas = lower; output;
    statistic = 'upper'; sas = upper; output;
  run;
%mend;
