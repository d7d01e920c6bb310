from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.sweep.spec import read_spec

HEAD = 'name = "n"\nx = "epoch"\n'
AUDIT = '[audit]\nfamily = "timm"\nmodel = "test_resnet"\ndata = "scenes"\n'


@pytest.fixture
def spec(tmp_path):
    def write(text: str):
        (tmp_path / "spec.toml").write_text(text, "utf-8")
        return read_spec(tmp_path / "spec.toml")

    return write


def test_rows_take_what_is_shared_and_are_sorted(spec, tmp_path):
    """By series, rows without one first, then by x; a row's own setting wins; options are merged key by key."""
    told = spec(
        f"""{HEAD}x_scale = "log"
        {AUDIT}k = 7
        cache_dir = "cache"
        data_options = {{ targets = 60, correlation = 0.5 }}
        [[row]]
        x = 10
        series = "b"
        [[row]]
        x = 2.5
        series = "b"
        k = 9
        data_options = {{ targets = "70" }}
        [[row]]
        x = 4
        pretrained = "w.pt"
        """
    )
    assert (told.name, told.x, told.x_scale, told.cache_dir) == ("n", "epoch", "log", str(tmp_path / "cache"))
    assert [(row.series, row.x, row.config.k) for row in told.rows] == [(None, 4, 7), ("b", 2.5, 9), ("b", 10, 7)]
    assert told.rows[1].config.data_options == {"targets": "70", "correlation": "0.5"}
    assert told.rows[0].config.pretrained == str(tmp_path / "w.pt")
    assert told.rows[0].config.cache_dir is None  # steers the machine, and is the sweep's


def test_a_pattern_makes_a_row_of_every_file(spec, tmp_path):
    (tmp_path / "ck").mkdir()
    for name in ("epoch-2.pt", "epoch-10.pt", "readme.txt"):
        (tmp_path / "ck" / name).touch()
    told = spec(
        f"""{HEAD}{AUDIT}
        [[glob]]
        files = "ck/epoch-*.pt"
        into = "pretrained"
        x_from = 'epoch-(\\d+)'
        series = "all"
        layer = "pre-head"
        [[row]]
        x = 0
        series = "all"
        pretrained = "random"
        """
    )
    assert [(row.x, row.config.pretrained, row.config.layer) for row in told.rows] == [
        (0, "random", "embedding"),
        (2, str(tmp_path / "ck" / "epoch-2.pt"), "pre-head"),
        (10, str(tmp_path / "ck" / "epoch-10.pt"), "pre-head"),
    ]
    assert {row.series for row in told.rows} == {"all"}


def test_one_audit_may_stand_on_two_lines(spec):
    told = spec(f'{HEAD}{AUDIT}[[row]]\nx = 0\nseries = "a"\n[[row]]\nx = 0\nseries = "b"\n')
    assert len(told.rows) == 2
    assert told.rows[0].config.hash() == told.rows[1].config.hash()


ROW = "[[row]]\nx = 1\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "cannot be read as TOML"),
        (f"{HEAD}rows = 3\n{AUDIT}{ROW}", "unknown key 'rows': did you mean row"),
        (f"x = 'epoch'\n{AUDIT}{ROW}", "name is missing; write a text, as in name ="),
        (f"name = 3\n{AUDIT}{ROW}", "name is 3; write a text"),
        (f"{HEAD}x_scale = 'logarithmic'\n{AUDIT}{ROW}", "x_scale must be 'linear' or 'log', not 'logarithmic'"),
        (f"{HEAD}{AUDIT}", "has no rows; write one [[row]] an audit"),
        (f"{HEAD}row = 3\n{AUDIT}", "write [[row]] with two brackets"),
        (f"{HEAD}row = [3]\n{AUDIT}", "row 1 must be a table of an audit's settings, not 3"),
        (f"{HEAD}audit = 3\n{ROW}", "[audit] must be a table"),
        (f"{HEAD}{AUDIT}[[row]]\nk = 3\n", "row 1 lacks x, its place on the axis"),
        (f"{HEAD}{AUDIT}[[row]]\nx = true\n", "row 1: x must be a number, not True"),
        (f"{HEAD}{AUDIT}[[row]]\nx = nan\n", "x must be a number, not nan"),
        (f"{HEAD}{AUDIT}[[row]]\nx = '3'\n", "x must be a number, not '3'"),
        (f"{HEAD}x_scale = 'log'\n{AUDIT}[[row]]\nx = 0\n", "x is 0, which a log axis cannot show"),
        (f"{HEAD}{AUDIT}{ROW}series = 3\n", "series must be a text, not 3"),
        (f"{HEAD}{AUDIT}{ROW}serie = 'a'\n", "unknown setting 'serie': did you mean series"),
        (f"{HEAD}{AUDIT}{ROW}pretraind = 'a'\n", "unknown setting 'pretraind': did you mean pretrained"),
        (f"{HEAD}{AUDIT}tragets = 3\n{ROW}", "unknown setting 'tragets': did you mean targets"),
        (f"{HEAD}[audit]\nfamily = 'timm'\ndata = 'scenes'\n{ROW}", "row 1 lacks model; write it there, or into"),
        (f"{HEAD}{AUDIT}{ROW}k = 0\n", "row 1: --k: must be greater than or equal to 1"),
        (f"{HEAD}{AUDIT}{ROW}data_options = 3\n", "row 1: --data-options"),
        (f"{HEAD}{AUDIT}out = 'a'\n{ROW}", "out cannot be set here; --out of the command says"),
        (f"{HEAD}{AUDIT}{ROW}out = 'a'\n", "out cannot be set here; --out of the command says"),
        (f"{HEAD}{AUDIT}{ROW}cache_dir = 'a'\n", "cache_dir cannot be set here; put it into [audit]"),
        (f"{HEAD}{AUDIT}{ROW}k = 3\n{ROW}k = 4\n", "has two rows at x = 1; give them different x, or a series each"),
        (f"{HEAD}{AUDIT}{ROW}[[row]]\nx = 2\n", "the rows at x = 1 and 2 are the same audit; set them apart"),
        (f"{HEAD}{AUDIT}[[glob]]\ninto = 'model'\n", "glob 1: files must be a text, as in files ="),
        (
            f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.pt'\ninto = 'pretraind'\nx_from = '(a)'\n",
            "unknown setting 'pretraind': did you mean pretrained",
        ),
        (f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.pt'\ninto = 'model'\nx_from = '('\n", "is no regular expression"),
        (f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.pt'\ninto = 'model'\nx_from = 'a'\n", "x_from must have one group"),
        (f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.pt'\ninto = 'model'\nx_from = '(a)'\n", "no file matches '*.pt' in"),
        (
            f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.toml'\ninto = 'model'\nx_from = '(spec)'\n",
            "x_from '(spec)' finds no number in 'spec.toml'",
        ),
        (
            f"{HEAD}{AUDIT}[[glob]]\nfiles = '*.toml'\ninto = 'model'\nx_from = '-(\\d+)'\n",
            "finds no number in 'spec.toml'",
        ),
    ],
)
def test_faults_are_told_in_one_sentence(spec, text, says):
    with pytest.raises(AuditError) as caught:
        spec(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value) or "TOML" in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(AuditError, match="there is no sweep description"):
        read_spec(tmp_path / "none.toml")


def test_a_huge_whole_number_is_no_crash(spec):
    with pytest.raises(AuditError, match="x must be a number"):
        spec(f"{HEAD}{AUDIT}[[row]]\nx = 1{'0' * 400}\n")
