//! What a test wrote into the artifact: `key=value` pairs behind a mark, separated by semicolons.

/// Bytes that a test may write.
const ROOM: usize = 512;
/// What a test looks for.
const MARK: &[u8; 24] = b"HOSTILE-SETTINGS-BEGIN::";

static SETTINGS: [u8; ROOM] = {
    let mut bytes = [b' '; ROOM];
    let mut index = 0;
    while index < MARK.len() {
        bytes[index] = MARK[index];
        index += 1;
    }
    bytes
};

/// The value of a key; absent when no test wrote one.
pub fn setting(key: &str) -> Option<String> {
    // Volatile, so that the compiler does not take what it sees for what will be there.
    let bytes: Vec<u8> = SETTINGS
        .iter()
        .map(|byte| unsafe { std::ptr::read_volatile(byte) })
        .collect();
    let text = String::from_utf8_lossy(&bytes[MARK.len()..]).into_owned();
    text.trim_end()
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value.to_owned())
}

/// A list of small numbers.
pub fn numbers(key: &str) -> Option<Vec<u8>> {
    let text = setting(key)?;
    Some(
        text.split(',')
            .filter_map(|number| number.parse().ok())
            .collect(),
    )
}
