/* ---- Tests of the arms ---- */
%macro test_rows(from, analysis);
  data _t; set &from; length statistic $64; ARMN = 0; time = .;
    statistic = 'statistic'; sas = chisq; output;
    statistic = 'df'; sas = df; output;
    statistic = 'p_value'; sas = probchisq; output;
  run;
  %keep(_t, &analysis)
%mend;
/* TEST= is LOGRANK, WILCOXON (our gehan), TARONE, PETO (our peto-peto) or FLEMING(rho, gamma). */
%macro logrank(analysis, rows, strata, test);
  data _d; set &rows; event = (STATUS = 1); run;
  ods exclude all;
  ods output HomTests=_h;
  proc lifetest data=_d;
    time AVAL*event(0);
    %if %length(&strata) %then %do; strata &strata / group=ARMN test=(&test); %end;
    %else %do; strata ARMN / test=(&test); %end;
  run;
  ods exclude none;
  %test_rows(_h, &analysis)
%mend;
%macro gray_test(analysis, rows, strata);
  ods exclude all;
  ods output GrayTest=_h;
  proc lifetest data=&rows;
    time AVAL*STATUS(0) / eventcode=1;
    %if %length(&strata) %then %do; strata &strata / group=ARMN; %end;
    %else %do; strata ARMN; %end;
  run;
  ods exclude none;
  %test_rows(_h, &analysis)
%mend;
