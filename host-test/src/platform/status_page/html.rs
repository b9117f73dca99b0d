//! The few pieces of HTML that the page is made of. Every text goes through [`escaped`].

/// A text as content or as an attribute in quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}

/// Lines of HTML.
#[derive(Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(super) fn text(self) -> String {
        self.text
    }
}

/// A cell of a table.
pub(super) struct Cell {
    class: &'static str,
    inner: String,
}

impl Cell {
    pub(super) fn text(text: &str) -> Cell {
        Cell {
            class: "",
            inner: escaped(text),
        }
    }

    pub(super) fn number(text: &str) -> Cell {
        Cell {
            class: " class=\"number\"",
            inner: escaped(text),
        }
    }

    pub(super) fn link(address: &str, text: &str) -> Cell {
        Cell {
            class: "",
            inner: format!("<a href=\"{}\">{}</a>", escaped(address), escaped(text)),
        }
    }

    /// A word in a coloured frame; the colour is not all that tells.
    pub(super) fn mark(kind: &'static str, text: &str) -> Cell {
        let sign = match kind {
            "good" => "✓",
            "bad" => "✗",
            "busy" => "…",
            _ => "–",
        };
        Cell {
            class: "",
            inner: format!(
                "<span class=\"mark {kind}\">{sign} {}</span>",
                escaped(text)
            ),
        }
    }

    pub(super) fn inner(&self) -> &str {
        &self.inner
    }
}

/// A table; without rows, what is said instead.
pub(super) fn table(
    header: &[&str],
    rows: impl Iterator<Item = Vec<Cell>>,
    otherwise: &str,
) -> String {
    let mut body = String::new();
    for row in rows {
        body.push_str("<tr>");
        for cell in row {
            body.push_str(&format!("<td{}>{}</td>", cell.class, cell.inner));
        }
        body.push_str("</tr>\n");
    }
    if body.is_empty() {
        return format!("<p>{}</p>", escaped(otherwise));
    }
    let names: String = header
        .iter()
        .map(|name| format!("<th>{}</th>", escaped(name)))
        .collect();
    format!(
        "<div class=\"wide\"><table><thead><tr>{names}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
    )
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1f2430; --soft: #667; --line: #d8dbe2; --paper: #fff; --good: #1a7f4b;
  --bad: #c0362c; --busy: #2563a8; --bar: #5b8def; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ee; --soft: #9aa0b0; --line: #363b48; --paper: #161922;
  --good: #4cc38a; --bad: #f0776b; --busy: #7ab3f0; --bar: #5b8def; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1150px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; }
small, .facts { color: var(--soft); font-weight: normal; } a { color: var(--busy); }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem; min-width: 6.5rem; }
.tile b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; } .tile span { color: var(--soft); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; color: var(--soft); font-weight: 600; } td, th { padding: .35rem .6rem; vertical-align: top;
  border-bottom: 1px solid var(--line); } td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.mark { white-space: nowrap; } .good { color: var(--good); } .mark.bad, .problem { color: var(--bad); }
.busy { color: var(--busy); } .pause { color: var(--soft); }
svg { width: 100%; height: auto; } rect.bar { fill: var(--bar); } rect.bad { fill: var(--bad); }
svg line { stroke: var(--line); } svg text { fill: var(--soft); font-size: 11px; }
";

/// A whole page, which a browser asks for again by itself.
pub(super) fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"15\">\
         <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let row = vec![
            Cell::text("<script>"),
            Cell::link("/a\"b", "'&'"),
            Cell::mark("bad", "<i>"),
        ];
        let text = page("<t>", &table(&["<h>"], [row].into_iter(), "nothing"));
        for raw in ["<script>", "<t>", "<h>", "<i>", "a\"b"] {
            assert!(!text.contains(raw), "{raw} in {text}");
        }
        assert!(text.contains("/a&quot;b") && text.contains("&#39;&amp;&#39;"));
        assert!(table(&["a"], std::iter::empty(), "no <rows>").contains("no &lt;rows&gt;"));
    }
}
