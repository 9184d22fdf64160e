/* ---- Proportions with the event by a day; those censored before it are left out ---- */
%macro by_day(rows, day, out);
  data &out; set &rows;
    where (STATUS > 0 and AVAL <= &day) or AVAL >= &day;
    event = (STATUS = 1 and AVAL <= &day);
  run;
%mend;
/* Wilson limits as PROC FREQ BINOMIAL(CL=WILSON) gives them, by formula because an arm without events has no
   level EVENT=1 there. */
%macro proportion(analysis, rows, times);
  %do i = 1 %to %sysfunc(countw(&times));
    %let day = %scan(&times, &i);
    %by_day(&rows, &day, _d)
    proc sql; create table _x as select ARMN, sum(event) as x, count(*) as n from _d group by ARMN; quit;
    data _x; set _x; length statistic $64; time = &day;
      p = x / n; z = quantile('normal', 0.975);
      centre = (x + z**2 / 2) / (n + z**2);
      half = z * sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2);
      statistic = 'n_events'; sas = x; output;
      statistic = 'n_evaluable'; sas = n; output;
      statistic = 'estimate'; sas = p; output;
      statistic = 'lower'; sas = ifn(x > 0, centre - half, 0); output;
      statistic = 'upper'; sas = ifn(x < n, centre + half, 1); output;
    run;
    %keep(_x, &analysis)
  %end;
%mend;
/* PROC FREQ of arm by event for each experimental arm; row and column order put the experimental arm and
   the event first.  what: newcombe wald log-wald woolf pooled yates fisher. */
%macro two_arms(analysis, rows, times, arms, what, level);
  %do i = 1 %to %sysfunc(countw(&times));
    %let day = %scan(&times, &i);
    %do k = 1 %to %sysfunc(countw(&arms));
      %let arm = %scan(&arms, &k);
      %by_day(&rows, &day, _d)
      data _d; set _d; where ARMN in (1, &arm); row = (ARMN = 1); column = 1 - event; run;
      ods exclude all;
      %if &what = newcombe or &what = wald %then %do; ods output PdiffCLs=_cl RiskDiffCol1=_rd; %end;
      %if &what = log-wald or &what = woolf %then %do; ods output RelativeRisks=_rr; %end;
      %if &what = pooled or &what = yates %then %do; ods output ChiSq=_chi; %end;
      %if &what = fisher %then %do; ods output FishersExact=_fe; %end;
      proc freq data=_d;
        tables row*column / alpha=%sysevalf(1 - &level)
          %if &what = newcombe %then riskdiff(cl=newcombe);
          %if &what = wald %then riskdiff(cl=wald);
          %if &what = log-wald or &what = woolf %then relrisk;
          %if &what = pooled or &what = yates %then chisq;
          %if &what = fisher %then fisher;;
      run;
      ods exclude none;
      data _x; length statistic $64; ARMN = &arm; time = &day;
        %if &what = newcombe or &what = wald %then %do;
          set _cl; statistic = 'lower'; sas = lowercl; output; statistic = 'upper'; sas = uppercl; output;
        %end;
        %else %if &what = log-wald %then %do;
          set _rr(rename=(statistic=statistic0));
          if statistic0 = 'Relative Risk (Column 1)';
          statistic = 'estimate'; sas = value; output;
          statistic = 'lower'; sas = lowercl; output; statistic = 'upper'; sas = uppercl; output;
        %end;
        %else %if &what = woolf %then %do;
          set _rr(rename=(statistic=statistic0));
          if statistic0 = 'Odds Ratio';
          statistic = 'estimate'; sas = value; output;
          statistic = 'lower'; sas = lowercl; output; statistic = 'upper'; sas = uppercl; output;
        %end;
        %else %if &what = pooled or &what = yates %then %do;
          set _chi(rename=(statistic=statistic0));
          %if &what = pooled %then %do; if statistic0 = 'Chi-Square'; %end;
          %else %do; if statistic0 = 'Continuity Adj. Chi-Square'; %end;
          statistic = 'statistic'; sas = value; output; statistic = 'p_value'; sas = prob; output;
        %end;
        %else %do;
          set _fe(where=(name1 = 'XP2_FISH')); statistic = 'p_value'; sas = nvalue1; output;
        %end;
      run;
      %keep(_x, &analysis, contrast=1)
    %end;
  %end;
%mend;
%macro cmh_test(analysis, rows, times, arms, strata);
  %do i = 1 %to %sysfunc(countw(&times));
    %let day = %scan(&times, &i);
    %do k = 1 %to %sysfunc(countw(&arms));
      %by_day(&rows, &day, _d)
      data _d; set _d; where ARMN in (1, %scan(&arms, &k)); stratum = catx(' / ', of &strata); run;
      ods exclude all;
      ods output CMH=_cmh;
      proc freq data=_d; tables stratum*ARMN*event / cmh; run;
      ods exclude none;
      data _x; set _cmh(where=(upcase(althypothesis) like 'GENERAL%'));
        length statistic $64; ARMN = %scan(&arms, &k); time = &day;
        statistic = 'statistic'; sas = value; output;
        statistic = 'p_value'; sas = prob; output;
      run;
      %keep(_x, &analysis, contrast=1)
    %end;
  %end;
%mend;
