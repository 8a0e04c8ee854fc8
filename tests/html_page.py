"""An HTML page as its elements, to ask what it says."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input"}
"""Elements that have no end."""


class Page(HTMLParser):
    """The elements of a page, each with its attributes and its text; every one must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.inside: list[int] = []
        self.feed(text)
        self.close()
        assert not self.inside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.inside.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.inside.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for i in self.inside:
            self.elements[i][2].append(data)

    def all(self, *tags: str) -> list[tuple[dict[str, str | None], str]]:
        """Return attributes and text of the elements with these tags."""
        return [(a, " ".join("".join(t).split())) for tag, a, t in self.elements if tag in tags]

    def text(self) -> str:
        """Return everything that it says."""
        [(_, body)] = self.all("body")
        return body
