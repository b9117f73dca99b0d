//! What a workspace publishes: articles, news, macros, and what became of its messages.

use super::Field;
use records::fields;

use super::Kind::{Any, Attributes, Boolean, Epoch, Integer, List, Object, Reference, Text};

/// An article of the help center. Its statistics are in single reads only.
pub const ARTICLE: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "workspace_id": Text,
    "parent_id": Reference,
    "parent_type": Text,
    "parent_ids": List,
    "content_id": Text,
    "title": Text,
    "description": Text,
    "body": Text,
    "body_markdown": Text,
    "author_id": Reference,
    "state": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "url": Text,
    "default_locale": Text,
    "translated_content": Object,
    "tags": Object,
    "statistics": Object,
    "has_unpublished_changes": Boolean,
    "draft_updated_at": Epoch,
    "ai_chatbot_availability": Boolean,
    "ai_copilot_availability": Boolean,
    "ai_sales_agent_availability": Boolean,
    "created_by_id": Reference,
    "updated_by_id": Reference,
    "exclude_from_article_suggestions": Boolean,
    "help_center_audience": Text,
    "scheduled_publish_at": Epoch,
    "scheduled_unpublish_at": Epoch,
    "folder_id": Reference,
    "contents": List,
};

/// An article for teammates.
pub const INTERNAL_ARTICLE: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "title": Text,
    "body": Text,
    "body_markdown": Text,
    "owner_id": Reference,
    "author_id": Reference,
    "created_at": Epoch,
    "updated_at": Epoch,
    "locale": Text,
    "audience_ids": List,
    "ai_chatbot_availability": Boolean,
    "ai_copilot_availability": Boolean,
    "ai_sales_agent_availability": Boolean,
    "folder_id": Reference,
    "tags": Object,
};

/// A collection of articles.
pub const COLLECTION: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "workspace_id": Text,
    "name": Text,
    "description": Text,
    "url": Text,
    "icon": Text,
    "order": Integer,
    "created_at": Epoch,
    "updated_at": Epoch,
    "default_locale": Text,
    "translated_content": Object,
    "parent_id": Reference,
    "help_center_id": Reference,
};

/// A help center.
pub const HELP_CENTER: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "workspace_id": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "identifier": Text,
    "website_turned_on": Boolean,
    "display_name": Text,
    "url": Text,
    "custom_domain": Text,
    "default": Boolean,
    "locales": List,
};

/// A feed of news.
pub const NEWSFEED: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "name": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
};

/// A piece of news.
pub const NEWS_ITEM: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "workspace_id": Text,
    "title": Text,
    "body": Text,
    "sender_id": Reference,
    "state": Text,
    "labels": List,
    "cover_image_url": Text,
    "reactions": List,
    "deliver_silently": Boolean,
    "created_at": Epoch,
    "updated_at": Epoch,
    "newsfeed_assignments": List,
};

/// A saved reply.
pub const MACRO: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "body": Text,
    "body_text": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "visible_to": Text,
    "visible_to_team_ids": List,
    "available_on": List,
};

/// An object of a type of the workspace's own.
pub const CUSTOM_OBJECT_INSTANCE: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "custom_attributes": Attributes,
    "external_id": Text,
    "external_created_at": Epoch,
    "external_updated_at": Epoch,
    "created_at": Epoch,
    "updated_at": Epoch,
};

/// A row of the content export: what became of one message to one person.
pub const CONTENT_EXPORT: &[Field] = fields! {
    "user_id": Text,
    "user_external_id": Text,
    "company_id": Text,
    "email": Text,
    "name": Text,
    "ruleset_id": Text,
    "content_id": Text,
    "content_type": Text,
    "content_title": Text,
    "ruleset_version_id": Text,
    "receipt_id": Text,
    "received_at": Epoch,
    "series_id": Text,
    "series_title": Text,
    "node_id": Text,
    "first_reply": Epoch,
    "first_completion": Epoch,
    "first_series_completion": Epoch,
    "first_series_disengagement": Epoch,
    "first_series_exit": Epoch,
    "first_goal_success": Epoch,
    "first_open": Epoch,
    "first_click": Epoch,
    "first_dismissal": Epoch,
    "first_dismisall": Epoch,
    "first_unsubscribe": Epoch,
    "first_hard_bounce": Epoch,
};

/// What became of one message to one person, as it is told at once. Survey answers stand beside it.
pub const CONTENT_STAT: &[Field] = fields! {
    "contact_id": Text,
    "company_id": Text,
    "created_at": Epoch,
    "id": Text,
    "content_type": Text,
    "content_id": Text,
    "stat_type": Text,
    "ruleset_id": Text,
    "content_title": Text,
    "ruleset_version_id": Text,
    "receipt_id": Text,
    "tags": Object,
    "series_id": Text,
    "series_title": Text,
    "node_id": Text,
    "answered_at": Epoch,
    "question_id": Text,
    "question_text": Text,
    "response": Any,
    "answer": Any,
    "answers": Any,
};
