"""Bills of providers are read as they are exported, in any order of columns, and what is hostile is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrepot.errors import InvalidRequest
from entrepot.ledger.bills import Bill, read

DOLLAR = 10**9
OPENAI = (
    "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,line_item,project_id\n"
    '1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.8958740000000000,usd,3,"gpt-5.1-2025-11-13, input",p\n'
    '1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,1.104126,usd,3,"gpt-5.1-2025-11-13, output",p\n'
    "1759968000,1760054400,2025-10-09T00:00:00+00:00,2025-10-10T00:00:00+00:00,,,,,\n"
)
ANTHROPIC = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd\n"
    "2026-08-04,Claude Haiku 4.5,Default,key,message,≤ 200k,input_no_cache,0.05,0.05\n"
    "2026-08-04,Claude Haiku 4.5,Default,key,message,≤ 200k,output,0.25,0.25\n"
)


def bill(tmp_path: Path, text: str | bytes) -> Bill:
    path = tmp_path / "bill.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def test_the_exports_of_openai_and_anthropic_are_known(tmp_path: Path) -> None:
    openai, anthropic = bill(tmp_path, OPENAI), bill(tmp_path, ANTHROPIC)
    assert (openai.form, openai.lines, openai.sums) == (
        "OpenAI's cost export",
        2,
        {("2025-10-05", "gpt-5.1-2025-11-13"): 2 * DOLLAR},
    )
    assert (anthropic.form, anthropic.sums) == ("Anthropic's cost export", {("2026-08-04", "Claude Haiku 4.5"): 3 * DOLLAR // 10})


@pytest.mark.parametrize(
    "text",
    [
        "date,model,amount\n2026-11-01,m,1.5\n2026-11-01,m,-0.5\n",
        "\ufeffAmount;Currency;Model;Date\r\n1.5;USD;m;2026-11-01T23:30:00Z\r\n\r\n-0.5;;m;2026-11-02T00:30:00+01:00\r\n",
        'cost\tday\tmodel\n"$1.5"\t1793491200\t"m"\n-5e-1\t2026-11-01\tm',
    ],
)
def test_a_plain_file_is_read_however_it_is_written(tmp_path: Path, text: str) -> None:
    read = bill(tmp_path, text)
    assert (read.form, read.sums, read.lines, read.credits) == ("a plain file", {("2026-11-01", "m"): DOLLAR}, 2, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("a,b,c\n1,2,3\n", "columns"),
        ("date,model,amount\n", "no line with an amount"),
        ("date,model,amount\n2026-11-01,m,=1+1\n", "Line 2 .* not an amount"),
        ("date,model,amount\n2026-11-01,m,NaN\n", "not an amount"),
        ("date,model,amount\n2026-11-01,m,1e30\n", "not an amount"),
        ('date,model,amount\n\n2026-11-01,m,1\n2026-11-01,m,"1,5"\n', "Line 4 .* not an amount"),
        ("date,model,amount\n11/01/2026,m,1\n", "not a day"),
        ("date,model,amount,currency\n2026-11-01,m,1,EUR\n", "is in 'EUR'"),
        ('date,model,amount\n2026-11-01,"m,1\n', "no CSV"),
        ("date,model,amount\n2026-11-01,m\0,1\n", "no text"),
        (b"date,model,amount\n2026-11-01,\xff,1\n", "not UTF-8"),
        ("date,model,amount\n2026-11-01," + "m" * 70_000 + ",1\n", "longer than any line"),
        ("date,model,amount\n" + "".join(f"{1700000000 + day * 86400},m,1\n" for day in range(1001)), "too many days"),
    ],
)
def test_what_is_no_bill_is_refused_in_words(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        bill(tmp_path, text)


def test_a_sum_is_exact_however_many_decimals_its_parts_have(tmp_path: Path) -> None:
    lines = "2026-11-01,m,0.0000000001\n" * 10_000
    assert bill(tmp_path, "date,model,amount\n" + lines).sums == {("2026-11-01", "m"): 1000}
