//! Objects that rows need and that are made before them: tags, companies and attributes. Making one twice makes one.

use super::choice::small;
use crate::contract::http::{Effect, Method, Request};
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::intercom::errors::{ApiError, from_http, from_response, unexpected_body};
use crate::intercom::request;
use crate::json::{self, Member, Object};
use crate::operation::Answer;
use crate::prelude::*;
use records::search::find;

const TAGS: &str = "/tags";

/// How the bodies of attributes of numbers end: those with fractions, by both of their names, and those without.
const NUMBERS: [&str; 3] = [
    r#""data_type":"float"}"#,
    r#""data_type":"decimal"}"#,
    r#""data_type":"integer"}"#,
];

/// What the body of an attribute of numbers says before its type.
fn of_numbers(body: &str) -> Option<&str> {
    let mut ends = NUMBERS.iter();
    ends.find_map(|end| body.strip_suffix(end))
}

/// An object that is made.
struct Making {
    path: String,
    body: String,
    made: Option<Result<String, Failure>>,
}

/// All that a batch makes, each once.
#[derive(Default)]
pub struct Makings(Vec<Making>);

impl Makings {
    /// Wants an object to be made; gives its place. Names of tags are the same in capital and small letters; an attribute
    /// of numbers takes fractions once one of them is a fraction.
    pub fn want(&mut self, path: &str, body: String) -> usize {
        let same = |making: &Making| {
            making.path == path
                && (making.body == body
                    || path == TAGS && small(&making.body) == small(&body)
                    || of_numbers(&body).is_some() && of_numbers(&making.body) == of_numbers(&body))
        };
        match self.0.iter().position(same) {
            Some(place) => {
                if body.ends_with(NUMBERS[0]) || body.ends_with(NUMBERS[1]) {
                    self.0[place].body = body;
                }
                place
            }
            None => {
                self.0.push(Making {
                    path: path.to_owned(),
                    body,
                    made: None,
                });
                self.0.len() - 1
            }
        }
    }

    /// The name of the tag at a place, as JSON: of several spellings the first one.
    pub fn name(&self, place: usize) -> Option<&str> {
        json::member(&self.0.get(place)?.body, "name")
    }

    /// The request for the object at a place.
    pub fn request(&self, place: usize, api_version: &str) -> Option<Request> {
        let making = self.0.get(place)?;
        let body = Some(making.body.clone());
        Some(request::write(
            api_version,
            Method::Post,
            making.path.as_str(),
            body,
        ))
    }

    /// The requests for what is not made yet.
    pub fn requests(&self, api_version: &str) -> Vec<Request> {
        (0..self.0.len())
            .filter_map(|place| self.request(place, api_version))
            .collect()
    }

    /// Reads the answers.
    pub fn read(&mut self, answers: Vec<Answer>) {
        for (making, answer) in self.0.iter_mut().zip(answers) {
            making.made = Some(read(answer));
        }
    }

    /// The id of the object at a place.
    ///
    /// # Errors
    /// Why it could not be made.
    pub fn made(&self, place: usize) -> Option<&Result<String, Failure>> {
        self.0.get(place)?.made.as_ref()
    }
}

fn read(answer: Answer) -> Result<String, Failure> {
    // Making it twice makes one: that it may be there already does no harm.
    let harmless = |failure: Failure| {
        Box::new(WholeFailure {
            maybe_applied: false,
            ..*failure
        })
    };
    let response = answer.map_err(|error| harmless(from_http(&error, Effect::Write)))?;
    if !(200..300).contains(&response.status) {
        let failure = harmless(from_response(&response, Effect::Write, None));
        let message = ApiError::of(&response).message.to_ascii_lowercase();
        // Somebody else made the attribute meanwhile.
        let there =
            failure.kind == FailureKind::InvalidInput && find(&message, "already").is_some();
        return if there {
            Ok(String::new())
        } else {
            Err(failure)
        };
    }
    match json::parse(&response.body).map(|mut made: Object| made.take("id")) {
        Ok(Ok(Some(Member::Text(id)))) => Ok(id),
        Ok(Ok(Some(Member::Number(id)))) => Ok(id.to_owned()),
        _ => Err(unexpected_body(&response, "it holds no id")),
    }
}
