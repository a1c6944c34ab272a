import tests.security.test_authz_matrix as m
from tests.security.expected import Row, boards, LEAVING
m.ROWS = [Row(*r) for r in boards.ROWS] + [Row(*LEAVING)]
from tests.security.test_authz_matrix import *  # noqa
from tests.security.test_authz_matrix import _nothing_is_kept  # noqa
