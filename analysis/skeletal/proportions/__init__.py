"""Proportions of subjects, by themselves and between arms."""

from .clustered import clustered_proportion as clustered_proportion
from .differences import risk_difference as risk_difference
from .marginal import marginal_contrast as marginal_contrast
from .ratios import odds_ratio as odds_ratio
from .ratios import risk_ratio as risk_ratio
from .risks import proportion as proportion
from .stratified import cmh_test as cmh_test
from .stratified import stratified_odds_ratio as stratified_odds_ratio
from .stratified import stratified_risk_difference as stratified_risk_difference
from .subgroups import SubgroupRisks as SubgroupRisks
from .subgroups import heterogeneity_test as heterogeneity_test
from .subgroups import subgroup_risks as subgroup_risks
from .two_arm_tests import fisher_test as fisher_test
from .two_arm_tests import noninferiority_test as noninferiority_test
from .two_arm_tests import proportions_test as proportions_test
