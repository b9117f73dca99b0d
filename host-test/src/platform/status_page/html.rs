//! The few pieces of HTML that the pages are made of. Every text goes through [`escaped`].

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub(super) use crate::markup::escaped;

use super::Refresh;
use super::words::{NONE, moment};

/// How the pages look.
const STYLE: &str = include_str!("style.css");

/// What a browser may do with a page: show it with its own style, known by its hash, and nothing else.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
});

/// The kind of a state, which is its colour and its sign. Neither is all that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Bad,
    Busy,
    Good,
    Quiet,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Kind::Bad => "bad",
            Kind::Busy => "busy",
            Kind::Good => "good",
            Kind::Quiet => "quiet",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Kind::Bad => "✗",
            Kind::Busy => "↻",
            Kind::Good => "✓",
            Kind::Quiet => "–",
        }
    }
}

/// Words with a sign and a colour.
pub(super) fn mark(kind: Kind, text: &str) -> String {
    let (class, sign) = (kind.class(), kind.sign());
    format!(
        "<span class=\"mark {class}\"><span aria-hidden=\"true\">{sign}</span> {}</span>",
        escaped(text)
    )
}

/// A line that says how all is.
pub(super) fn verdict(kind: Kind, text: &str) -> String {
    format!(
        "<p class=\"verdict {}\">{}</p>",
        kind.class(),
        mark(kind, text)
    )
}

/// A part of a page under a heading, with a remark beside it. The content is HTML.
pub(super) fn section(heading: &str, remark: &str, content: &str) -> String {
    let remark = match remark {
        "" => String::new(),
        remark => format!(" <small>{}</small>", escaped(remark)),
    };
    format!(
        "<section><h2>{}{remark}</h2>\n{content}\n</section>\n",
        escaped(heading)
    )
}

/// Names and values. The values are HTML.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let facts = facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", escaped(name)));
    format!("<dl class=\"facts\">\n{}</dl>\n", facts.collect::<String>())
}

/// A cell of a table.
pub(super) struct Cell {
    class: &'static str,
    /// HTML.
    inner: String,
}

impl Cell {
    /// A text of some words.
    pub(super) fn text(text: &str) -> Cell {
        Cell::html(escaped(text))
    }

    /// A text of sentences.
    pub(super) fn long(text: &str) -> Cell {
        Cell {
            class: "long",
            inner: escaped(text),
        }
    }

    /// A number, or what stands where there is none; no number and 0 are said softly.
    pub(super) fn number(text: &str) -> Cell {
        Cell {
            class: match text {
                "0" | NONE => "number none",
                _ => "number",
            },
            inner: escaped(text),
        }
    }

    /// What stays on its line.
    pub(super) fn short(inner: String) -> Cell {
        Cell {
            class: "short",
            inner,
        }
    }

    pub(super) fn html(inner: String) -> Cell {
        Cell { class: "", inner }
    }

    /// The page of a connection, with something below its name.
    pub(super) fn connection(name: &str, under: &str) -> Cell {
        let under = match under {
            "" => String::new(),
            under => format!("<span class=\"under\">{}</span>", escaped(under)),
        };
        let name = escaped(name);
        Cell::html(format!("<a href=\"/pages/{name}\">{name}</a>{under}"))
    }

    pub(super) fn mark(kind: Kind, text: &str) -> Cell {
        Cell::short(mark(kind, text))
    }

    fn class(&self) -> String {
        match self.class {
            "" => String::new(),
            class => format!(" class=\"{class}\""),
        }
    }

    /// The class of the name above such cells.
    fn column(&self) -> &'static str {
        match self.class.starts_with("number") {
            true => " class=\"number\"",
            false => "",
        }
    }
}

/// A table in which the first cell of a row names it; without rows, what is said instead.
pub(super) fn table(names: &[&str], rows: &[Vec<Cell>], otherwise: &str) -> String {
    let Some(first) = rows.first() else {
        return format!("<p class=\"nothing\">{}</p>", escaped(otherwise));
    };
    // A column's name stands as its cells do.
    let head = names.iter().zip(first).map(|(name, cell)| {
        let class = cell.column();
        format!("<th scope=\"col\"{class}>{}</th>", escaped(name))
    });
    let head: String = head.collect();
    let mut body = String::new();
    for row in rows {
        body.push_str("<tr>");
        for (index, (cell, name)) in row.iter().zip(names).enumerate() {
            let Cell { inner, .. } = cell;
            let class = cell.class();
            body.push_str(&match index {
                0 => format!("<th scope=\"row\"{class}>{inner}</th>"),
                _ => format!("<td{class} data-name=\"{}\">{inner}</td>", escaped(name)),
            });
        }
        body.push_str("</tr>\n");
    }
    format!("<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>")
}

/// A whole page. Its browser asks for it again by itself, and keeps its place, unless somebody stopped it.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// HTML below the title.
    pub(super) under: String,
    pub(super) refresh: Refresh,
    /// HTML.
    pub(super) body: String,
}

impl Page<'_> {
    pub(super) fn html(&self, now_ms: i64) -> String {
        let title = escaped(self.title);
        let (meta, link) = match self.refresh {
            Refresh::Every(seconds) => (
                format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"),
                format!("again every {seconds} s · <a href=\"?refresh=off\">stop</a>"),
            ),
            Refresh::Off => (
                String::new(),
                "it stays as it is · <a href=\"?\">refresh by itself</a>".to_owned(),
            ),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{meta}<style>{STYLE}</style>\n\
             </head>\n<body>\n<header>\n<h1>{title}</h1>\n<p>{under}</p>\n<p>As of {moment} · {link}</p>\n</header>\n\
             <main>\n{body}</main>\n</body>\n</html>\n",
            under = self.under,
            moment = moment(now_ms),
            body = self.body,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let row = vec![
            Cell::text("<script>"),
            Cell::connection("a\"b", "'&'"),
            Cell::mark(Kind::Bad, "<i>"),
            Cell::long("<u>"),
            Cell::number("<s>"),
        ];
        let page = Page {
            title: "<t>",
            under: String::new(),
            refresh: Refresh::Every(15),
            body: section(
                "<h>",
                "<r>",
                &table(&["<a>", "b", "c", "d", "e"], &[row], "nothing"),
            ) + &verdict(Kind::Good, "<v>")
                + &facts(&[("<f>", String::new())]),
        };
        let text = page.html(0);
        for raw in [
            "<script>", "<t>", "<h>", "<r>", "<a>", "<i>", "<u>", "<s>", "<v>", "<f>", "a\"b",
        ] {
            assert!(!text.contains(raw), "{raw} in {text}");
        }
        assert!(text.contains("/pages/a&quot;b") && text.contains("&#39;&amp;&#39;"));
        assert!(text.contains("content=\"15\"") && text.contains("1970-01-01 00:00:00 UTC"));
        assert!(table(&["a"], &[], "no <rows>").contains("no &lt;rows&gt;"));
        let still = Page {
            refresh: Refresh::Off,
            ..page
        };
        assert!(!still.html(0).contains("http-equiv"));
    }
}
