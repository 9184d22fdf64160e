/* ---- Curves by arm.  SAS has no estimate after the last observed time (ours carries the last value on) ---- */
%macro survival_of(analysis, rows, event, times, level, conf_type, invert=0);
  data _d; set &rows; event = &event; run;
  proc sort data=_d; by ARMN; run;
  proc lifetest data=_d outsurv=_s timelist=(&times) reduceout stderr noprint;
    by ARMN;
    time AVAL*event(0);
  run;
  data _s; set _s;
    time = timelist; p = survival; se = sdf_stderr;
    if survival <= 0 then se = .;
    %if &invert %then %do; p = 1 - survival; %end;
  run;
  %limits(_s, _l, &level, &conf_type)
  %keep(_l, &analysis)
  %at_risk(&analysis, &rows, &times)
%mend;
%macro median_of(analysis, rows, event, level, conf_type, names);
  data _d; set &rows; event = &event; run;
  proc sort data=_d; by ARMN; run;
  ods exclude all;
  ods output Quartiles=_q;
  proc lifetest data=_d alpha=%sysevalf(1 - &level) conftype=&conf_type;
    by ARMN;
    time AVAL*event(0);
  run;
  ods exclude none;
  data _q; set _q(where=(percent = 50));
    length statistic $64; time = .;
    statistic = "%scan(&names, 1)"; sas = estimate; output;
    %if %sysfunc(countw(&names)) > 1 %then %do;
      statistic = "%scan(&names, 2)"; sas = lowerlimit; output;
      statistic = "%scan(&names, 3)"; sas = upperlimit; output;
    %end;
  run;
  %keep(_q, &analysis)
%mend;
%macro kaplan_meier(analysis, rows, times, level, conf_type, sas_type);
  %counts(&analysis, &rows)
  %if %length(&times) %then %survival_of(&analysis, &rows, (STATUS = 1), &times, &level, &conf_type);
  %median_of(&analysis, &rows, (STATUS = 1), &level, &sas_type, median median_lower median_upper)
  %median_of(&analysis, &rows, (STATUS ne 1), 0.95, loglog, median_follow_up)
%mend;
%macro follow_up(analysis, rows, times);
  %counts(&analysis, &rows)
  %survival_of(&analysis, &rows, (STATUS ne 1), &times, 0.95, log-log)
%mend;
%macro conditional_survival(analysis, rows, times, given, level, conf_type);
  %counts(&analysis, &rows)
  data _beyond; set &rows; where AVAL > &given; run;
  %survival_of(&analysis, _beyond, (STATUS = 1), &times, &level, &conf_type)
%mend;
%macro naive_incidence(analysis, rows, times, level, conf_type);
  %counts(&analysis, &rows)
  %survival_of(&analysis, &rows, (STATUS = 1), &times, &level, &conf_type, invert=1)
%mend;
/* ERROR=AALEN is ours by default, ERROR=DELTA our greenwood (SAS's delta method); limits by formula of the
   incidence itself, whereas CONFTYPE=LOGLOG of SAS has its own. */
%macro cumulative_incidence(analysis, rows, times, level, conf_type, error);
  %counts(&analysis, &rows)
  proc sort data=&rows out=_d; by ARMN; run;
  proc lifetest data=_d outcif=_c timelist=(&times) reduceout error=&error noprint;
    by ARMN;
    time AVAL*STATUS(0) / eventcode=1;
  run;
  data _c; set _c; time = timelist; p = cif; se = cif_stderr; run;
  %limits(_c, _l, &level, &conf_type)
  %keep(_l, &analysis)
  %at_risk(&analysis, &rows, &times)
%mend;
