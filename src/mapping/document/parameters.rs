//! What a connection gives beside the name of a preset.

use super::{Draft, ROOT, members};
use crate::json::{self, Member, Object};
use crate::mapping::path::value_at;
use crate::mapping::preset::LISTS;
use crate::prelude::*;

/// What stands before places in a preset, which nobody wrote.
pub(super) const PRESET: &str = "preset ";

impl<'d> Draft<'d> {
    /// Checks the names of lists.
    pub(super) fn lists(&mut self, member: &Member, place: &str) {
        let Member::Object(object) = member else {
            return self.wrong(place, "type", "expected an object: NAME: LIST");
        };
        for (name, _) in members(object) {
            if !LISTS.contains(&&*name) {
                let place = [place, ".", &name].joined("");
                self.unknown(place, "unknown_key", "list", &name, LISTS);
            }
        }
    }

    /// Moves a problem of a preset to the parameter that was taken last, and says it once: the preset is good.
    pub(super) fn blame(&mut self, at: usize) {
        let taken = [ROOT, ".", &self.taken.take()].joined("");
        let told = self.problems.iter().any(|problem| problem.path == taken);
        if let Some(problem) = self.problems.get_mut(at)
            && problem.path.starts_with(PRESET)
        {
            problem.path = taken;
            self.problems.truncate(at + usize::from(!told));
        }
    }

    /// Whether the parameter of a name is given, as it stands behind `if` and `unless`.
    pub(super) fn is_given(&self, name: Option<&Member>) -> Option<bool> {
        let Some(Member::Text(name)) = name else {
            return None;
        };
        let given = value_at(self.parameters, name);
        Some(given.is_some_and(|json| !matches!(json, "null" | "false")))
    }

    /// A value, or that of the parameter which it names; `None` when that is not given.
    pub(super) fn resolve<'m>(&self, member: &Member<'m>) -> Option<Member<'m>>
    where
        'd: 'm,
    {
        let Member::Object(object) = member else {
            return Some(member.clone());
        };
        let object: Object = json::parse(object.as_bytes()).unwrap_or_default();
        let (name, default) = match object.0.as_slice() {
            [(key, Member::Text(name))] if key == "parameter" => (name, None),
            [(key, Member::Text(name)), (other, default)]
                if key == "parameter" && other == "default" =>
            {
                (name, Some(default.clone()))
            }
            _ => return Some(member.clone()),
        };
        if let Some(json) = value_at(self.parameters, name).filter(|json| *json != "null") {
            name.clone_into(&mut self.taken.borrow_mut());
            return json::parse(json.as_bytes()).ok();
        }
        let own = self.account.and_then(|account| match name.as_str() {
            "workspace" => Some(account.workspace_id.as_str()),
            // Where people work with the workspace.
            "app" => Some(match account.region.as_deref() {
                Some("eu") => "https://app.eu.intercom.com",
                Some("au") => "https://app.au.intercom.com",
                _ => "https://app.intercom.com",
            }),
            _ => None,
        });
        own.map(|text| Member::Text(text.to_owned())).or(default)
    }
}
