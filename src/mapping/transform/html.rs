//! Markup to text: no parser of HTML, which bodies of messages do not take, but a reader that keeps to what browsers show.

use crate::prelude::*;
use records::{in_one_row, parted};

/// Elements of which nothing is shown.
const HIDDEN: [&str; 5] = ["script", "style", "head", "template", "noscript"];

/// Elements that begin a line of their own.
const LINES: [&str; 27] = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "dl",
    "dt",
    "dd",
    "form",
    "main",
    "figure",
];

/// Those after which a line is left empty.
const PARAGRAPHS: [&str; 9] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"];

/// Named characters, each with its name before it.
const NAMED: &str = "amp&|lt<|gt>|quot\"|apos'|nbsp |hellip…|mdash—|ndash–|lsquo‘|rsquo’|ldquo“|rdquo”|sbquo‚|bdquo„|\
    laquo«|raquo»|bull•|middot·|euro€|pound£|yen¥|cent¢|copy©|reg®|trade™|deg°|sect§|para¶|times×|divide÷|plusmn±|\
    frac12½|frac14¼|iexcl¡|iquest¿|szlig ß|agrave à|aacute á|acirc â|atilde ã|auml ä|aring å|aelig æ|ccedil ç|egrave è|\
    eacute é|ecirc ê|euml ë|igrave ì|iacute í|icirc î|iuml ï|ntilde ñ|ograve ò|oacute ó|ocirc ô|otilde õ|ouml ö|\
    oslash ø|ugrave ù|uacute ú|ucirc û|uuml ü|yacute ý|Agrave À|Aacute Á|Acirc Â|Auml Ä|Aring Å|AElig Æ|Ccedil Ç|\
    Egrave È|Eacute É|Ecirc Ê|Ntilde Ñ|Ouml Ö|Oslash Ø|Uuml Ü|larr←|rarr→|zwnj\u{200c}|zwj\u{200d}|shy\u{ad}";

/// What a browser shows of a text with markup.
pub fn plain(html: &str) -> String {
    let mut out = Lines::default();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        out.text(text);
        rest = match tag.as_bytes().first() {
            Some(b'!') if tag.starts_with("!--") => after(tag, "-->"),
            Some(b'!' | b'?') => after(tag, ">"),
            Some(b'/' | b'a'..=b'z' | b'A'..=b'Z') => out.tag(tag),
            _ => {
                out.text("<");
                tag
            }
        };
    }
    out.text(rest);
    out.done.trim_end().to_owned()
}

/// What follows an ending; nothing where there is none.
fn after<'a>(text: &'a str, ending: &str) -> &'a str {
    parted(text, ending).map_or("", |(_, rest)| rest)
}

/// Text that is being laid out.
#[derive(Default)]
struct Lines {
    done: String,
    /// Line ends that are due before the next character.
    due: usize,
    /// Whether a blank is due.
    blank: bool,
}

impl Lines {
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, entity)) = rest.split_once('&') {
            self.words(before);
            rest = match named(entity) {
                Some((character, rest)) => {
                    self.character(character);
                    rest
                }
                None => {
                    self.character('&');
                    entity
                }
            };
        }
        self.words(rest);
    }

    fn words(&mut self, text: &str) {
        let mut rest = text;
        loop {
            let words = rest.trim_start_matches([' ', '\n', '\r', '\t', '\x0c']);
            self.blank |= words.len() < rest.len();
            let (row, behind) = words.split_at(in_one_row(words));
            if row.is_empty() {
                return;
            }
            self.word(row);
            rest = behind;
        }
    }

    fn character(&mut self, character: char) {
        self.word(character.encode_utf8(&mut [0; 4]));
    }

    fn word(&mut self, word: &str) {
        if !self.done.is_empty() {
            if self.due > 0 {
                self.done.extend(core::iter::repeat_n('\n', self.due));
            } else if self.blank {
                self.done.push(' ');
            }
        }
        (self.due, self.blank) = (0, false);
        self.done.push_str(word);
    }

    /// Takes a tag, of which the first `<` is gone; gives what follows it, and what it hides.
    fn tag<'a>(&mut self, tag: &'a str) -> &'a str {
        let closing = tag.starts_with('/');
        let inside = tag.strip_prefix('/').unwrap_or(tag);
        let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, attributes) = inside.split_at(length);
        let name = name.to_ascii_lowercase();
        let rest = behind_attributes(attributes);
        if HIDDEN.contains(&&*name) && !closing {
            return behind_element(rest, &name);
        }
        if LINES.contains(&&*name) {
            let due = match (&*name, PARAGRAPHS.contains(&&*name)) {
                ("br", _) => (self.due + 1).min(2),
                (_, true) => 2,
                _ => self.due.max(1),
            };
            self.due = due;
            if name == "li" && !closing {
                self.character('-');
                self.blank = true;
            }
        } else if matches!(&*name, "td" | "th") {
            self.blank = true;
        }
        rest
    }
}

/// What follows a tag, whose attributes may hold `>` in quotes.
fn behind_attributes(text: &str) -> &str {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return &text[at + 1..],
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed was none.
    after(text, ">")
}

/// What follows the end of a hidden element.
fn behind_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, tag)) = parted(rest, "</") {
        let found = tag.get(..name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after(tag, ">");
        }
        rest = tag;
    }
    ""
}

/// The character of an entity, of which the `&` is gone, and what follows it.
fn named(entity: &str) -> Option<(char, &str)> {
    let end = entity.bytes().take(12).position(|byte| byte == b';')?;
    let (name, rest) = (&entity[..end], &entity[end + 1..]);
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => {
            let mut all = NAMED.split('|');
            all.find_map(|one| {
                let (known, character) =
                    one.split_at(one.len() - one.chars().next_back()?.len_utf8());
                (known.trim_end() == name).then(|| character.chars().next())?
            })?
        }
    };
    Some((character, rest))
}
