//! How many objects of the smaller kinds a simulated workspace has.

use clap::Args;

/// The counts of what a workspace has beside people and conversations.
#[derive(Args, Clone, Debug)]
pub struct CatalogueOptions {
    /// Articles of the help centre
    #[arg(long, default_value_t = 60)]
    pub articles: u64,

    /// Internal articles
    #[arg(long, default_value_t = 30)]
    pub internal_articles: u64,

    /// Collections of articles
    #[arg(long, default_value_t = 25)]
    pub collections: u64,

    /// News items
    #[arg(long, default_value_t = 25)]
    pub news_items: u64,

    /// Calls
    #[arg(long, default_value_t = 60)]
    pub calls: u64,

    /// Instances of custom objects, of all types together
    #[arg(long, default_value_t = 60)]
    pub custom_objects: u64,

    /// Types of custom objects
    #[arg(long, value_delimiter = ',', default_value = "Order")]
    pub custom_object_types: Vec<String>,

    /// Macros
    #[arg(long, default_value_t = 60)]
    pub macros: u64,

    /// Entries of the log of what teammates did
    #[arg(long, default_value_t = 60)]
    pub activity_logs: u64,

    /// Rows of a content export that covers all time
    #[arg(long, default_value_t = 200)]
    pub exported_rows: u64,
}

impl Default for CatalogueOptions {
    fn default() -> CatalogueOptions {
        CatalogueOptions {
            articles: 60,
            internal_articles: 30,
            collections: 25,
            news_items: 25,
            calls: 60,
            custom_objects: 60,
            custom_object_types: vec!["Order".to_owned()],
            macros: 60,
            activity_logs: 60,
            exported_rows: 200,
        }
    }
}
