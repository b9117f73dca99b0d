//! Text that a guest wrote, made fit for logs and terminals.

/// At most `limit` bytes of the text, never half a character, and without control characters: a guest must not move a
/// terminal's cursor or forge a log line. A cut is shown by `…`.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cleaned = String::with_capacity(end);
    for character in text[..end].chars() {
        match character {
            '\n' => cleaned.push_str(" ⏎ "),
            '\t' => cleaned.push(' '),
            hidden if hidden.is_control() => cleaned.push('\u{fffd}'),
            // Marks that turn the direction of the text around hide what follows them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => cleaned.push('\u{fffd}'),
            other => cleaned.push(other),
        }
    }
    if end < text.len() {
        cleaned.push('…');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn no_character_is_split_and_none_controls() {
        assert_eq!(clean("short", 100), "short");
        assert_eq!(clean("äöü", 3), "ä…");
        assert_eq!(clean("äöü", 4), "äö…");
        assert_eq!(
            clean("a\nb\u{1b}[2Jc\rd\u{202e}", 100),
            "a ⏎ b\u{fffd}[2Jc\u{fffd}d\u{fffd}"
        );
    }
}
