"""Events that compete with others: incidence of one cause and its comparison between arms."""

from .aalen_johansen import cumulative_incidence as cumulative_incidence
from .gray import gray_test as gray_test
