"""Questions find their place in the documentation, and programs can read it."""

import pytest

from entrepot.web.docs import DocPages
from entrepot.web.search import Section, anchor_of, search, sections

PAGE = """# Ships

Words of the page.

## Loading a ship

```bash
# not a heading
```

| part | is |
|---|---|
| `hold` | where cargo lies |

### `draught`

How deep she lies.
"""


@pytest.fixture(scope="module")
def docs() -> DocPages:
    return DocPages()


def test_a_page_is_cut_at_its_headings_and_not_in_its_code() -> None:
    found = sections("/docs/ships", PAGE)
    assert [(section.anchor, section.heading) for section in found] == [
        ("", "Ships"),
        ("loading-a-ship", "Loading a ship"),
        ("draught", "draught"),
    ]
    assert "where cargo lies" in found[1].text
    assert "not a heading" in found[1].text and "bash" not in found[1].text


def test_every_word_of_the_question_must_begin_a_word_there() -> None:
    pages = sections("/docs/ships", PAGE)
    assert [hit.where for hit in search(pages, "carg lies")] == ["/docs/ships#loading-a-ship"]
    assert search(pages, "argo") == []
    assert search(pages, "cargo nowhere") == []
    assert search(pages, "   ") == []


def test_headings_count_for_more_than_text() -> None:
    pages = [Section("/a", "A", "", "A", "hold " * 9), Section("/b", "B", "hold", "Hold", "")]
    assert [hit.where for hit in search(pages, "hold")] == ["/b#hold", "/a"]


def test_what_is_found_is_marked_and_everything_else_is_escaped() -> None:
    hit = search([Section("/a", "A", "", "A", "<script> holds")], "hold")[0]
    assert hit.excerpt == "&lt;script&gt; <mark>hold</mark>s"


def test_a_long_question_is_cut_and_does_no_harm() -> None:
    assert search(sections("/a", PAGE), "(((* " * 10_000) == []


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("stream", "/docs/do/streaming"),
        ("constraint_filtered", "/docs/look-up/errors#constraint_filtered"),
        ("max_file_bytes", "/docs/do/pictures-and-files"),
    ],
)
def test_the_documentation_has_what_people_look_for(docs: DocPages, question: str, where: str) -> None:
    assert where in [hit.where for hit in docs.search(question)]


def test_findings_lead_to_headings_that_are_there(docs: DocPages) -> None:
    for hit in docs.search("key"):
        path, _, anchor = hit.where.partition("#")
        page = docs.find(path)
        assert page is not None
        assert not anchor or f'id="{anchor}"' in page.html, hit.where


def test_programs_read_a_list_of_all_pages_with_what_each_is_about(docs: DocPages) -> None:
    listed = docs.llms("http://port.example.test")
    for pages in docs.index.values():
        for page in pages:
            assert f"(http://port.example.test{page.path}.md): {page.about}" in listed
            assert page.about, page.path
            assert page.markdown.strip() in docs.whole()


def test_an_id_is_the_name_itself_or_words_with_hyphens() -> None:
    assert anchor_of("`no_endpoints`") == "no_endpoints"
    assert anchor_of("When it goes wrong") == "when-it-goes-wrong"
