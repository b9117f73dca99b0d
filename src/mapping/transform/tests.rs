//! Each transform on values that people have.

use proptest::prelude::*;

use super::*;

fn run(step: &str, arguments: &[&str], json: &str) -> Result<String, Odd> {
    let arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
    let step = Step::new(step, arguments).unwrap();
    let made = step.run(Item::of(json), &mut Pass::of("key"));
    made.map(|item| item.written().into_owned())
}

fn on_text(step: &str, arguments: &[&str], text: &str) -> Result<String, Odd> {
    let made = run(step, arguments, &quoted(text))?;
    Ok(serde_json::from_str::<Option<String>>(&made)
        .unwrap()
        .unwrap_or_default())
}

#[test]
fn texts_are_changed() {
    for (step, arguments, text, expected) in [
        ("trim", &[][..], " a b\u{a0}\n", "a b"),
        ("lower", &[], "ÀB@C", "àb@c"),
        (
            "upper",
            &[],
            "straße žluťoučký ñandú Ελένη жук ÷×",
            "STRASSE ŽLUŤOUČKÝ ÑANDÚ ΕΛΈΝΗ ЖУК ÷×",
        ),
        ("lower", &[], "ÀÖØÞĀŽŐ×ŸΩЀЯ", "àöøþāžő×Ÿωѐя"),
        ("split_name", &["first"], " Ada King Lovelace ", "Ada"),
        (
            "split_name",
            &["last"],
            " Ada King Lovelace ",
            "King Lovelace",
        ),
        ("split_name", &["last"], "Ada", ""),
        ("truncate", &["", "3"], "äöüß", "äöü"),
        ("truncate", &["…", "3"], "äöüß", "äö…"),
        ("truncate", &["…", "4"], "äöüß", "äöüß"),
        ("truncate", &["...", "2"], "abcd", ".."),
        (
            "slug",
            &[],
            "plan-changed: über_all",
            "plan-changed___ber_all",
        ),
    ] {
        assert_eq!(
            on_text(step, arguments, text).as_deref(),
            Ok(expected),
            "{step} {text}"
        );
    }
    // The salt stands before the value: this is the digest of `abc`.
    assert_eq!(
        on_text("hash", &["a"], "bc").unwrap(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn telephone_numbers_become_international() {
    for (country, written, expected) in [
        ("", "+353 87 123 4567", Some("+353871234567")),
        ("", "00353871234567", Some("+353871234567")),
        ("IE", "087 123 4567", Some("+353871234567")),
        ("IE", "00 353 (0)87-1234567", Some("+353871234567")),
        ("", "+44 (0)20 7946 0958", Some("+442079460958")),
        ("GB", "(020) 7946 0958 ext. 12", Some("+442079460958")),
        ("US", "(415) 555-0132", Some("+14155550132")),
        ("US", "1-415-555-0132", Some("+14155550132")),
        ("US", "011 44 20 7946 0958", Some("+442079460958")),
        ("BS", "3561234", Some("+12423561234")),
        ("IT", "06 698 12345", Some("+390669812345")),
        ("HU", "06 1 234 5678", Some("+3612345678")),
        ("RU", "8 (495) 123-45-67", Some("+74951234567")),
        ("DE", "tel:0301234567", Some("+49301234567")),
        ("DE", "12", None),
        // With its calling code, and without a plus.
        ("IE", "353 87 123 4567", Some("+353871234567")),
        ("FR", "33612345678", Some("+33612345678")),
        ("IT", "391 234 5678", Some("+393912345678")),
        ("RU", "79161234567", Some("+79161234567")),
        ("KZ", "7771234567", Some("+77771234567")),
        ("BR", "55 99999 9999", Some("+5555999999999")),
        ("BR", "55 55 99999 9999", Some("+5555999999999")),
        ("JP", "０９０ー１２３４－５６７８", Some("+819012345678")),
        // North America's have ten digits behind the 1.
        ("US", "353871234567", None),
        ("", "+1 415 555 01", None),
        ("DE", "call me", None),
        ("", "+999 123456789", None),
        ("DE", "+49 123456789012345", None),
    ] {
        assert_eq!(
            on_text("phone", &[country], written).ok().as_deref(),
            expected,
            "{country} {written}"
        );
    }
    assert!(is_country("IE") && !is_country("ie") && !is_country("XX") && !is_country(""));
}

#[test]
fn times_numbers_and_truth_values_are_read_in_every_form() {
    for (step, arguments, json, expected) in [
        (
            "iso_date",
            &["second"][..],
            "1719492777",
            Ok("\"2024-06-27T12:52:57Z\""),
        ),
        (
            "iso_date",
            &["day"],
            "\"2024-02-29T23:59:59+00:00\"",
            Ok("\"2024-02-29\""),
        ),
        (
            "iso_date",
            &["second"],
            "-1",
            Ok("\"1969-12-31T23:59:59Z\""),
        ),
        ("iso_date", &["day"], "\"\"", Ok("null")),
        ("iso_date", &["day"], "true", Err(Odd)),
        ("iso_date", &["day"], "253402300800", Err(Odd)),
        ("epoch", &["second"], "\"2024-06-27\"", Ok("1719446400")),
        (
            "epoch",
            &["second"],
            "\"2024-06-27T12:52:57Z\"",
            Ok("1719492777"),
        ),
        ("number", &[], "\" 1.50 \"", Ok("1.50")),
        ("number", &[], "\"1,5\"", Err(Odd)),
        ("number", &[], "\"1 2\"", Err(Odd)),
        ("number", &[], "{}", Err(Odd)),
        ("number", &[], "[\"1\",\"x\",null,2]", Ok("[1,2]")),
        ("boolean", &[], "\"Yes\"", Ok("true")),
        ("boolean", &[], "0", Ok("false")),
        ("boolean", &[], "2", Err(Odd)),
        ("text", &[], "1.0", Ok("\"1.0\"")),
        ("lower", &[], "5", Err(Odd)),
        ("lower", &[], "null", Ok("null")),
        (
            "map",
            &["", "\"a\"", "1", "\"b\"", "null"],
            "\"a\"",
            Ok("1"),
        ),
        ("map", &["", "\"a\"", "1"], "\"c\"", Err(Odd)),
        ("map", &["\"z\"", "\"a\"", "1"], "\"c\"", Ok("\"z\"")),
        ("map", &["", "\"7\"", "[1]"], "7", Ok("[1]")),
        ("map", &["", "\"7\"", "[1]"], "7.00", Ok("[1]")),
        ("map", &["", "\"70\"", "[1]"], "7", Err(Odd)),
        ("map", &["", "\"07\"", "[1]"], "7", Err(Odd)),
        ("map", &["", "\"7.0\"", "[1]"], "\"7\"", Err(Odd)),
        (
            "find",
            &["v", "k", "2"],
            r#"[{"k":"1"},{"k":"2","v":true}]"#,
            Ok("true"),
        ),
        ("find", &["", "k", "\"3\""], r#"[{"k":"1"}]"#, Ok("null")),
        (
            "pluck",
            &["a"],
            r#"[{"a":[1,2]},{"a":3},{},{"a":null}]"#,
            Ok("[1,2,3]"),
        ),
        (
            "pick",
            &["x", "a.b", "y", "z"],
            r#"[{"a":{"b":"q"}},5]"#,
            Ok(r#"[{"x":"q"}]"#),
        ),
        (
            "join",
            &["", "-"],
            r#"["a",1,null,true,{}]"#,
            Ok("\"a-1-true\""),
        ),
        ("join", &["n", ", "], r#"[{"n":"a"},{"n":""}]"#, Ok("\"a\"")),
        ("join", &["", "-"], "[]", Ok("null")),
        ("split", &[","], "\"a,,b\"", Ok("[\"a\",\"b\"]")),
    ] {
        assert_eq!(
            run(step, arguments, json).as_deref().map_err(|odd| *odd),
            expected,
            "{step} {json}"
        );
    }
}

#[test]
fn what_a_step_cannot_take_of_a_list_is_left_out_and_told() {
    for (step, arguments, json, expected, told) in [
        (
            "upper",
            &[][..],
            r#"["a",{"name":"b"},null,"c"]"#,
            r#"["A","C"]"#,
            true,
        ),
        ("upper", &[], r#"[{"name":"b"}]"#, "", true),
        ("lower", &[], r#"["A",null]"#, r#"["a"]"#, false),
        ("trim", &[], "[5]", "", true),
        (
            "mask",
            &["email"],
            r#"["a@b.cd",["e@f.gh"]]"#,
            r#"["***@***.cd"]"#,
            true,
        ),
        ("number", &[], r#"["1","one"]"#, "[1]", true),
        ("iso_date", &["day"], "[0,true]", r#"["1970-01-01"]"#, true),
        (
            "pick",
            &["x", "a"],
            r#"[{"a":1},{},5]"#,
            r#"[{"x":1},{}]"#,
            true,
        ),
        ("join", &["", ","], r#"["a",1,null,""]"#, r#""a,1""#, false),
        ("join", &["", ","], r#"["a",{"name":"b"}]"#, r#""a""#, true),
        (
            "join",
            &["name", ","],
            r#"[{"name":"b"},{},{"name":null}]"#,
            r#""b""#,
            false,
        ),
        ("join", &["name", ","], r#"[{"name":["b"]}]"#, "", true),
        (
            "pluck",
            &["name"],
            r#"[{"name":"b"},{},null]"#,
            r#"["b"]"#,
            false,
        ),
        (
            "pluck",
            &["name"],
            r#"[{"name":"b"},"c"]"#,
            r#"["b"]"#,
            true,
        ),
        // What a table does not name is not chosen.
        ("map", &["", "\"a\"", "1"], r#"["a","b"]"#, "[1]", false),
    ] {
        let arguments = arguments.iter().map(|text| (*text).to_owned()).collect();
        let mut pass = Pass::of("key");
        let made = Step::new(step, arguments)
            .unwrap()
            .run(Item::of(json), &mut pass);
        let made = made.map(|item| item.written().into_owned());
        assert_eq!(made.unwrap_or_default(), expected, "{step} {json}");
        assert_eq!(pass.odd, told, "{step} {json}");
    }
}

#[test]
fn markup_becomes_text() {
    for (html, expected) in [
        (
            "<p>Hello <b>Ada</b>,</p><p>how&nbsp;are<br/>you?</p>",
            "Hello Ada,\n\nhow are\nyou?",
        ),
        ("a  \n b<br><br><br>c", "a b\n\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        (
            "<style>p { a > b }</style>x<script>if (a < b) {}</SCRIPT >y<!-- > -->z",
            "xyz",
        ),
        (
            "1 < 2 &amp;&amp; 3 &gt; 2 &euro; &#233;&#xe9; &unknown; &",
            "1 < 2 && 3 > 2 € éé &unknown; &",
        ),
        ("<a title=\"a>b\" href='x'>link</a>", "link"),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
            "a b\nc",
        ),
        ("caf&eacute; &uuml;ber &AElig;", "café über Æ"),
        (
            r#"<p>see</p><div class="c"><img alt="x" src="https://i.example/a.png?b=1&amp;c=2"> <IMG src='https://i.example/d'/></div>now"#,
            "see\n\nhttps://i.example/a.png?b=1&c=2 https://i.example/d\nnow",
        ),
        (
            "<img src=\"data:image/png;base64,AAAA\"><img data-src='http://x'>",
            "",
        ),
        ("a&#0;b", "a&#0;b"),
        ("<p", ""),
        ("<script>never closed", ""),
        ("plain", "plain"),
    ] {
        assert_eq!(
            on_text("html_to_text", &[], html).as_deref(),
            Ok(expected),
            "{html}"
        );
    }
}

#[test]
fn what_is_personal_is_masked_within_text() {
    for (kinds, text, expected) in [
        (
            "email",
            "write to ada.l@mail.example.org, please",
            "write to ***@***.org, please",
        ),
        ("email", "@ada and a@ b", "@ada and a@ b"),
        (
            "email",
            "4111111111111111 4111111111111111",
            "4111111111111111 4111111111111111",
        ),
        (
            "card",
            "card 4111 1111 1111 1111 or 4111 1111 1111 1112",
            "card **** **** **** 1111 or 4111 1111 1111 1112",
        ),
        (
            "phone",
            "call +353 (0)87 123-4567 at 10:30",
            "call +*** (*)** ***-**67 at 10:30",
        ),
        (
            "id",
            "ssn 078-05-1120, iban GB29 NWBK 6016 1331 9268 19 and pass X1234567L",
            "ssn ***-**-**20, iban **** **** **** **** **** 19 and pass ******67L",
        ),
        (
            "all",
            "a@b.c 4111-1111-1111-1111 in 2024",
            "***@***.c ****-****-****-1111 in 2024",
        ),
        ("whole", "Ada é 5!", "*** * *!"),
        // Scripts without blanks, and digits of their own.
        (
            "all",
            "电话13800138000。身份证11010519491231002X号",
            "电话*********00。身份证***************02X号",
        ),
        ("phone", "０８６１２３４５６７", "********６７"),
        ("phone", "٠١٢٣٤٥٦٧٨٩", "********٨٩"),
        ("phone", "โทร๐๘๑๒๓๔๕๖๗๘ครับ", "โทร********๗๘ครับ"),
        (
            "phone",
            "06\u{202f}12\u{202f}34\u{202f}56\u{202f}78 or 086 – 123 – 4567 or 086_123_4567",
            "**\u{202f}**\u{202f}**\u{202f}**\u{202f}78 or *** – *** – **67 or ***_***_**67",
        ),
        ("phone", "（０３）１２３４ー５６７８", "（**）****ー**７８"),
        (
            "phone",
            "03\t1234−5678, 03·1234\u{ad}5678",
            "**\t****−**78, **·****\u{ad}**78",
        ),
        (
            "phone",
            "086 123 4567 086 123 456",
            "*** *** **** *** *** *56",
        ),
        ("card", "4111 1111 1111 1111 123", "**** **** **** **** *23"),
        // Two numbers side by side are as much as one.
        (
            "card",
            "4111 1111 1111 1111 5500 0000 0000 0004",
            "**** **** **** **** **** **** **** **04",
        ),
        (
            "email",
            "ada＠example.com to=ada%40example.org",
            "***@***.com ***@***.org",
        ),
        // A word may stand right before a number, and quotes in or around an address.
        (
            "card",
            "Visa4111 1111 1111 1111, card4111111111111111",
            "******** **** **** 1111, ****************1111",
        ),
        (
            "phone",
            "Tel0871234567 v2 4567890",
            "***********67 v2 *****90",
        ),
        ("id", "A1B2C3D4E5F6 AB123456C", "**********F6 *******6C"),
        (
            "email",
            "o'brien@example.com, \"john.doe\"@example.com",
            "***@***.com, ***@***.com",
        ),
        // When something was said is nobody's number; a day of birth is.
        (
            "all",
            "Ada, 2025-09-25T20:11:14Z: born 1985-12-10, id 3025-19-25T1",
            "Ada, 2025-09-25T20:11:14Z: born ****-**-10, id ****-**-25T1",
        ),
    ] {
        assert_eq!(
            on_text("mask", &[kinds], text).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}

/// A text of megabytes takes little memory beside it, and is masked to its end.
#[test]
fn a_long_line_is_masked_to_its_end() {
    let text = "write to ada@example.org or call 086 123 4567, 谢谢13800138000 ".repeat(5_000);
    let masked = on_text("mask", &["all"], &text).unwrap();
    let once = "write to ***@***.org or call *** *** **67, 谢谢*********00 ";
    assert_eq!(masked, once.repeat(5_000));
}

#[test]
fn an_encrypted_value_opens_with_the_private_key_only() {
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit as _, Nonce};
    use hmac::{Hmac, Mac};
    use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};
    let private = [7; 32];
    let public = x25519(private, X25519_BASEPOINT_BYTES);
    let public_text = base64(&public);
    assert_eq!(public_key(&public_text), Some(public));
    let sealed =
        |secret: &str, text: &str| on_text("encrypt", &[secret, &public_text], text).unwrap();
    let first = sealed("a secret of the mapping", "ada@example.org");
    assert_eq!(first, sealed("a secret of the mapping", "ada@example.org"));
    assert_ne!(first, sealed("a secret of the mapping", "ada@example.com"));
    assert_ne!(first, sealed("b secret of the mapping", "ada@example.org"));
    let bytes = unbase64(first.strip_prefix("1.").unwrap());
    let (sender, rest) = bytes.split_first_chunk::<32>().unwrap();
    let (sealed, tag) = rest.split_at(rest.len() - 16);
    let shared = x25519(private, *sender);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&shared).unwrap();
    for part in [sender, &public] {
        mac.update(&32_u64.to_le_bytes());
        mac.update(part);
    }
    let key: [u8; 32] = mac.finalize().into_bytes().into();
    let mut opened = sealed.to_vec();
    ChaCha20Poly1305::new(&key.into())
        .decrypt_inout_detached(
            &Nonce::default(),
            &[],
            opened.as_mut_slice().into(),
            tag.try_into().unwrap(),
        )
        .unwrap();
    assert_eq!(opened, b"ada@example.org");
    // No key at all gives nothing to encrypt with.
    assert_eq!(
        on_text(
            "encrypt",
            &["a secret of the mapping", &base64(&[0; 32])],
            "x"
        ),
        Err(Odd)
    );
}

fn base64(bytes: &[u8]) -> String {
    seal::base64(bytes)
}

fn unbase64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let values = text
        .bytes()
        .map(|byte| alphabet.iter().position(|known| *known == byte).unwrap());
    let bits: String = values.map(|value| format!("{value:06b}")).collect();
    let whole = bits.len() / 8;
    (0..whole)
        .map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap())
        .collect()
}

/// A card number: digits and the one that makes them pass the check.
fn card() -> impl Strategy<Value = String> {
    "[3-6][0-9]{14}".prop_map(|digits| {
        let sum: u32 = digits
            .bytes()
            .rev()
            .zip(1..)
            .map(|(digit, at)| {
                let value = u32::from(digit - b'0') << (at % 2);
                if value > 9 { value - 9 } else { value }
            })
            .sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    })
}

proptest! {
    #[test]
    fn masked_text_never_holds_the_original(
        before in "[a-z ]{0,10}[ 话はไ]", after in "[ ,.;。号][a-z ]{0,10}",
        email in "[a-zA-Z0-9._%+-]{1,12}@[a-z0-9-]{1,10}\\.[a-z]{2,4}",
        phone in "\\+[1-9][0-9]{1,2}[ -]?[0-9]{3}[ _\u{202f}-]?[0-9０-９]{4,6}",
        card in card(), id in "[A-Z]{0,2}[0-9]{7,12}", code in "[0-9]{3}",
    ) {
        // Side by side with another number.
        let national = phone[1..].to_owned();
        for (kind, original, text) in [
            ("phone", &national, format!("{national} {national}")),
            ("card", &card, format!("{card} {code}")),
        ] {
            let masked = on_text("mask", &[kind], &text).unwrap();
            prop_assert!(!masked.contains(original.as_str()), "{} {}: {}", kind, text, masked);
        }
        for (kind, original) in [("email", &email), ("phone", &phone), ("card", &card), ("id", &id)] {
            for kinds in [kind, "all", "whole"] {
                let text = format!("{before}{original}{after}");
                let masked = on_text("mask", &[kinds], &text).unwrap();
                prop_assert!(!masked.contains(original.as_str()), "{} {}: {}", kinds, text, masked);
            }
        }
    }

    #[test]
    fn no_value_makes_a_transform_panic(text in ".{0,60}", pieces in prop::collection::vec(prop::sample::select(vec![
        "<", ">", "</", "<p>", "<script>", "&amp;", "&#", ";", "@", "+", "(0)", "00", "7", "é", " ", "-", "[", "{", "\"", ",", "GB29", "4111111111111111", "ext",
    ]), 0..20)) {
        for text in [text, pieces.concat()] {
            for row in TRANSFORMS.iter().filter(|row| row.name != "map") {
                let step = Step::new(row.name, vec!["all".to_owned(), "5".to_owned()]).unwrap();
                for json in [quoted(&text), text.clone(), format!("[{}]", quoted(&text)), format!(r#"[{{"body":{0},"all":{0}}}]"#, quoted(&text))] {
                    if serde_json::from_str::<serde_json::Value>(&json).is_ok()
                        && let Ok(made) = step.run(Item::of(&json), &mut Pass::of("key"))
                    {
                        prop_assert!(serde_json::from_str::<serde_json::Value>(&made.written()).is_ok(), "{} {}", row.name, json);
                    }
                }
            }
        }
    }

    #[test]
    fn times_are_written_as_others_read_them(seconds in -62_000_000_000_i64..253_402_300_800) {
        use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let written = run("iso_date", &["second"], &seconds.to_string()).unwrap();
        let read = OffsetDateTime::parse(&written[1..written.len() - 1], &Rfc3339).unwrap();
        prop_assert_eq!(read.unix_timestamp(), seconds);
        if seconds >= 0 {
            prop_assert_eq!(run("epoch", &["second"], &written).unwrap(), seconds.to_string());
        }
    }
}
