//! The types that JSON is read as.

use crate::prelude::*;
use litemap::LiteMap;

use super::{Invalid, Member, Object, Reader, Unexpected};

/// A type that JSON is read as.
pub trait Value<'a>: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// When it is something else.
    fn read(member: Member<'a>) -> Result<Self, Unexpected>;
}

impl<'a> Value<'a> for Member<'a> {
    fn read(member: Self) -> Result<Self, Unexpected> {
        Ok(member)
    }
}

impl Value<'_> for String {
    fn read(member: Member) -> Result<Self, Unexpected> {
        match member {
            Member::Text(text) => Ok(text),
            _ => Err(Unexpected::here("text")),
        }
    }
}

impl Value<'_> for bool {
    fn read(member: Member) -> Result<Self, Unexpected> {
        match member {
            Member::Boolean(truth) => Ok(truth),
            _ => Err(Unexpected::here("true or false")),
        }
    }
}

/// Integers, and the one as which their digits are read.
macro_rules! integers {
    ($($integer:ty: $read:ty),*) => { $(
        impl Value<'_> for $integer {
            fn read(member: Member) -> Result<Self, Unexpected> {
                let number = match member {
                    Member::Number(digits) => digits.parse::<$read>().ok(),
                    _ => None,
                };
                let number = number.and_then(|number| number.try_into().ok());
                number.ok_or(Unexpected::here("an integer in range"))
            }
        }
    )* };
}

integers!(i64: i64, u32: u64, u64: u64, usize: u64);

impl<'a, T: Value<'a>> Value<'a> for Option<T> {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        match member {
            Member::Null => Ok(None),
            member => T::read(member).map(Some),
        }
    }
}

impl<'a, T: Value<'a>> Value<'a> for Vec<T> {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let items = items(member)?;
        let mut read = Self::with_capacity(items.len());
        for item in items {
            read.push(T::read(item)?);
        }
        Ok(read)
    }
}

/// The items of a list.
fn items(member: Member<'_>) -> Result<Vec<Member<'_>>, Unexpected> {
    let mut items = Vec::new();
    let read = match member {
        Member::List(json) => Reader::new(json).list(|reader| {
            items.push(Member::next(reader)?);
            Ok(())
        }),
        _ => Err(Invalid { at: 0 }),
    };
    read.map(|()| items).or(Err(Unexpected::here("a list")))
}

impl<'a> Value<'a> for Object<'a> {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut object = Self::default();
        members(member, &mut |name, member| {
            object.0.retain(|(known, _)| *known != name);
            object.0.push((name, member));
            Ok(())
        })?;
        Ok(object)
    }
}

impl Value<'_> for LiteMap<String, String> {
    fn read(member: Member) -> Result<Self, Unexpected> {
        let mut map = Self::new();
        members(member, &mut |name, member| {
            map.insert(name, String::read(member)?);
            Ok(())
        })?;
        Ok(map)
    }
}

/// Goes through the members of an object, in order and as often as each is there.
///
/// # Errors
/// When it is something else, or `each` says so.
pub fn members<'a>(
    member: Member<'a>,
    each: &mut dyn FnMut(String, Member<'a>) -> Result<(), Unexpected>,
) -> Result<(), Unexpected> {
    let Member::Object(json) = member else {
        return Err(Unexpected::here("an object"));
    };
    let mut all = Ok(());
    let read = Reader::new(json).object(|reader, name| {
        let name = match name.escaped {
            true => name.unescaped(),
            false => name.text.to_owned(),
        };
        let member = Member::next(reader)?;
        if all.is_ok() {
            all = each(name, member);
        }
        Ok(())
    });
    // The object is JSON already; what can still be wrong are the escapes of a text in it.
    all.and(read.map_err(|_| Unexpected::here("whole text")))
}
