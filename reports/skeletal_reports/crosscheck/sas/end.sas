/* ---- Comparison: keys as in expected.csv ---- */
proc sql;
  create table _named as select f.*, a.ARM, c.ARM as control
    from found as f left join arms as a on f.ARMN = a.ARMN left join arms as c on c.ARMN = 1;
quit;
data answers; set _named;
  length key $1000 label $900;
  label = ARM;
  if ARMN = 0 then label = 'all';
  if contrast = 1 then label = trim(ARM) || ' vs ' || trim(control);
  key = trim(analysis) || '/' || trim(label) || '/' || trim(statistic);
  if not missing(time) then key = trim(key) || '@' || strip(put(time, best12.));
  keep key sas;
run;
data expected;
  infile "&folder/expected.csv" dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;
  length key $1000 value 8 method $2000 tolerance 8;
  input key value method tolerance;
run;
proc sort data=expected; by key; run;
proc sort data=answers; by key; run;
/* Only what this program computes: README.txt says what it leaves out. */
data compared; merge answers(in=computed) expected(in=wanted); by key;
  if computed and wanted;
  length equal $3;
  difference = sas - value;
  size = max(abs(value), abs(sas));
  equal = 'no';
  if missing(sas) and missing(value) then equal = 'yes';
  else if not missing(difference) and abs(difference) <= max(tolerance * size, 1e-12) then equal = 'yes';
run;
proc print data=compared noobs; var key value sas difference equal; run;
proc export data=compared(keep=key value sas difference equal) outfile="&folder/sas-results.csv" dbms=csv replace; run;
proc sql noprint; select sum(equal = 'yes'), count(*) into :equal trimmed, :all trimmed from compared; quit;
%put NOTE: &equal of &all equal.;
