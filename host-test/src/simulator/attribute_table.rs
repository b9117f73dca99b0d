//! The data attributes that a workspace starts with, as tables.

/// Names of the custom attributes that generated objects have.
pub(crate) mod names {
    pub(crate) const PLAN_TIER: &str = "plan_tier";
    pub(crate) const LIFETIME_VALUE: &str = "lifetime_value";
    pub(crate) const SEATS: &str = "seats";
    pub(crate) const ON_TRIAL: &str = "on_trial";
    pub(crate) const RENEWAL_AT: &str = "renewal_at";
    pub(crate) const REMARK: &str = "Remark";
    pub(crate) const SIZE: &str = "Größe";
    pub(crate) const FAVOURITE: &str = "お気に入り";
    pub(crate) const SATISFACTION: &str = "satisfaction-score";
    pub(crate) const ACCOUNT_CODE: &str = "account code";
    pub(crate) const SIGNUP_URL: &str = "signup_url";
    pub(crate) const LAST_FEATURE: &str = "last_feature_used";
    pub(crate) const ACCOUNT_TIER: &str = "account_tier";
    pub(crate) const REVENUE: &str = "annual_revenue";
    pub(crate) const ONBOARDED: &str = "onboarded";
    pub(crate) const SLOGAN: &str = "Slogan";
}

/// Custom attributes: model, name, type, whether it is archived.
pub(crate) const CUSTOM: &[(&str, &str, &str, bool)] = &[
    ("contact", names::PLAN_TIER, "string", false),
    ("contact", names::LIFETIME_VALUE, "float", false),
    ("contact", names::SEATS, "integer", false),
    ("contact", names::ON_TRIAL, "boolean", false),
    ("contact", names::RENEWAL_AT, "date", false),
    ("contact", names::REMARK, "string", false),
    ("contact", names::SIZE, "string", false),
    ("contact", names::FAVOURITE, "string", false),
    ("contact", names::SATISFACTION, "integer", false),
    ("contact", names::ACCOUNT_CODE, "string", false),
    ("contact", names::SIGNUP_URL, "string", false),
    ("contact", names::LAST_FEATURE, "string", false),
    ("contact", "legacy_score", "integer", true),
    ("company", names::ACCOUNT_TIER, "string", false),
    ("company", names::REVENUE, "float", false),
    ("company", names::ONBOARDED, "boolean", false),
    ("company", names::SLOGAN, "string", false),
];

/// Built-in attributes: model, full name, label, type, writable through the API.
pub(crate) const BUILT_IN: &[(&str, &str, &str, &str, bool)] = &[
    ("contact", "id", "ID", "string", false),
    ("contact", "external_id", "User ID", "string", true),
    ("contact", "role", "Type", "string", true),
    ("contact", "email", "Email", "string", true),
    ("contact", "phone", "Phone", "string", true),
    ("contact", "name", "Name", "string", true),
    ("contact", "owner_id", "Owner", "integer", true),
    ("contact", "created_at", "First seen", "date", false),
    ("contact", "updated_at", "Updated at", "date", false),
    ("contact", "signed_up_at", "Signed up", "date", true),
    ("contact", "last_seen_at", "Last seen", "date", true),
    (
        "contact",
        "last_replied_at",
        "Last heard from",
        "date",
        false,
    ),
    (
        "contact",
        "last_contacted_at",
        "Last contacted",
        "date",
        false,
    ),
    (
        "contact",
        "unsubscribed_from_emails",
        "Unsubscribed from emails",
        "boolean",
        true,
    ),
    (
        "contact",
        "has_hard_bounced",
        "Has hard bounced",
        "boolean",
        false,
    ),
    (
        "contact",
        "language_override",
        "Language override",
        "string",
        false,
    ),
    ("contact", "browser", "Browser", "string", false),
    ("contact", "os", "OS", "string", false),
    ("contact", "location.country", "Country", "string", false),
    ("contact", "location.city", "City", "string", false),
    ("company", "name", "Company name", "string", true),
    ("company", "company_id", "Company ID", "string", false),
    (
        "company",
        "last_request_at",
        "Company last seen",
        "date",
        false,
    ),
    (
        "company",
        "remote_created_at",
        "Company created at",
        "date",
        true,
    ),
    ("company", "user_count", "People", "integer", false),
    (
        "company",
        "session_count",
        "Company web sessions",
        "integer",
        false,
    ),
    ("company", "plan.name", "Plan", "string", false),
    ("company", "monthly_spend", "Monthly Spend", "float", true),
    ("company", "size", "Company size", "integer", true),
    ("company", "industry", "Company industry", "string", true),
    ("company", "website", "Company website", "string", true),
    ("company", "id", "ID", "string", false),
    ("company", "created_at", "Created at", "date", false),
    ("company", "updated_at", "Updated at", "date", false),
];
