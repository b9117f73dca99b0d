//! Markup to text: no parser of HTML, which bodies of messages do not take, but a reader that keeps to what browsers show.

use crate::prelude::*;
use crate::search::parted;
use crate::text::in_one_row;

/// Named characters, each with its name before it.
const NAMED: &str = "amp&|lt<|gt>|quot\"|apos'|nbsp |hellip…|mdash—|ndash–|lsquo‘|rsquo’|ldquo“|rdquo”|sbquo‚|bdquo„|\
    laquo«|raquo»|bull•|middot·|euro€|pound£|yen¥|cent¢|copy©|reg®|trade™|deg°|sect§|para¶|times×|divide÷|plusmn±|\
    frac12½|frac14¼|iexcl¡|iquest¿|szlig ß|agrave à|aacute á|acirc â|atilde ã|auml ä|aring å|aelig æ|ccedil ç|egrave è|\
    eacute é|ecirc ê|euml ë|igrave ì|iacute í|icirc î|iuml ï|ntilde ñ|ograve ò|oacute ó|ocirc ô|otilde õ|ouml ö|\
    oslash ø|ugrave ù|uacute ú|ucirc û|uuml ü|yacute ý|Agrave À|Aacute Á|Acirc Â|Auml Ä|Aring Å|AElig Æ|Ccedil Ç|\
    Egrave È|Eacute É|Ecirc Ê|Ntilde Ñ|Ouml Ö|Oslash Ø|Uuml Ü|larr←|rarr→|zwnj\u{200c}|zwj\u{200d}|shy\u{ad}";

/// What an element does to the lines of a text.
enum Element {
    /// It is not shown.
    Hidden,
    /// It begins a line.
    Line,
    /// It begins a line, and leaves one empty behind it.
    Paragraph,
    /// It begins a line with a dash.
    Item,
    /// It ends a line.
    Break,
    /// It stands apart from what is before it.
    Cell,
    /// It shows a picture.
    Picture,
    /// Nothing.
    Other,
}

impl Element {
    /// The element of a name in small letters.
    fn of(name: &[u8]) -> Self {
        match name {
            b"script" | b"style" | b"head" | b"template" | b"noscript" => Self::Hidden,
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"pre" | b"blockquote" => {
                Self::Paragraph
            }
            b"div" | b"ul" | b"ol" | b"tr" | b"table" | b"section" | b"article" | b"header"
            | b"footer" | b"hr" | b"dl" | b"dt" | b"dd" | b"form" | b"main" | b"figure" => {
                Self::Line
            }
            b"li" => Self::Item,
            b"br" => Self::Break,
            b"td" | b"th" => Self::Cell,
            b"img" => Self::Picture,
            _ => Self::Other,
        }
    }
}

/// The most letters of a name of an element that is known.
const LONGEST: usize = 10;

/// What a browser shows of a text with markup, but for its pictures.
pub fn plain(html: &str) -> String {
    shown(html, false)
}

/// The same, with the addresses of pictures in their places.
pub fn with_pictures(html: &str) -> String {
    shown(html, true)
}

fn shown(html: &str, pictures: bool) -> String {
    let mut out = Lines {
        done: String::with_capacity(html.len()),
        pictures,
        ..Lines::default()
    };
    let mut rest = html;
    loop {
        rest = out.words(rest);
        let mark = rest.as_bytes().first();
        let Some(behind) = rest.get(1..) else {
            break;
        };
        rest = match (mark, behind.as_bytes().first()) {
            (Some(b'&'), _) => out.entity(behind),
            (_, Some(b'!')) if behind.starts_with("!--") => after(behind, "-->"),
            (_, Some(b'!' | b'?')) => after(behind, ">"),
            (_, Some(b'/' | b'a'..=b'z' | b'A'..=b'Z')) => out.tag(behind),
            _ => {
                out.word("<");
                behind
            }
        };
    }
    let mut done = out.done;
    done.truncate(done.trim_end().len());
    done
}

/// What follows an ending; nothing where there is none.
#[inline(never)]
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
    /// Whether the addresses of pictures are written.
    pictures: bool,
}

impl Lines {
    /// Takes words up to markup; gives what follows them.
    fn words<'a>(&mut self, text: &'a str) -> &'a str {
        let mut rest = text;
        loop {
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b'\x0c');
            let blanks = rest.bytes().take_while(is_blank).count();
            self.blank |= blanks > 0;
            let words = &rest[blanks..];
            let (row, behind) = words.split_at(in_one_row(words));
            if row.is_empty() {
                return words;
            }
            self.word(row);
            rest = behind;
        }
    }

    /// Takes an entity, of which the `&` is gone; gives what follows it.
    #[inline(never)]
    fn entity<'a>(&mut self, entity: &'a str) -> &'a str {
        let (character, rest) = named(entity).unwrap_or(('&', entity));
        self.character(character);
        rest
    }

    fn character(&mut self, character: char) {
        self.word(character.encode_utf8(&mut [0; 4]));
    }

    #[inline(never)]
    fn word(&mut self, word: &str) {
        if !self.done.is_empty() {
            if self.due > 0 {
                self.done.push_str(&"\n\n"[..self.due.min(2)]);
            } else if self.blank {
                self.done.push(' ');
            }
        }
        (self.due, self.blank) = (0, false);
        self.done.push_str(word);
    }

    /// Takes a tag, of which the first `<` is gone; gives what follows it, and what it hides.
    fn tag<'a>(&mut self, tag: &'a str) -> &'a str {
        let closing = tag.as_bytes().first() == Some(&b'/');
        let inside = &tag[usize::from(closing)..];
        let length = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (written, attributes) = inside.split_at(length);
        let mut small = [0; LONGEST];
        for (small, letter) in small.iter_mut().zip(written.bytes()) {
            *small = letter.to_ascii_lowercase();
        }
        let rest = behind_attributes(attributes);
        match Element::of(small.get(..length).unwrap_or_default()) {
            Element::Hidden if !closing => return behind_element(rest, written),
            Element::Break => self.due = (self.due + 1).min(2),
            Element::Paragraph => self.due = 2,
            Element::Line => self.due = self.due.max(1),
            Element::Item => {
                self.due = self.due.max(1);
                if !closing {
                    self.word("-");
                    self.blank = true;
                }
            }
            Element::Cell => self.blank = true,
            Element::Picture if self.pictures => {
                let within = attributes.len() - rest.len();
                let address = source(attributes.get(..within).unwrap_or_default());
                if let Some(address) = address {
                    self.blank = true;
                    self.word(&plain(address));
                    self.blank = true;
                }
            }
            Element::Hidden | Element::Picture | Element::Other => {}
        }
        rest
    }
}

/// The address of a picture among the attributes of its element, where it is one of the web.
#[inline(never)]
fn source(attributes: &str) -> Option<&str> {
    let (_, value) = parted(attributes, " src=")?;
    let quote = value
        .get(..1)
        .filter(|quote| matches!(*quote, "\"" | "'"))?;
    let (address, _) = parted(&value[1..], quote)?;
    address.starts_with("http").then_some(address)
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
#[inline(never)]
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
#[inline(never)]
fn named(entity: &str) -> Option<(char, &str)> {
    let end = entity.bytes().take(12).position(|byte| byte == b';')?;
    let (name, rest) = (&entity[..end], &entity[end + 1..]);
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|one| *one != '\0')?
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
