//! Record pages that hold the embed window beside the record's details, for an org that has no record pages of its own.

use std::collections::BTreeMap;

use super::{EMBED_COMPONENT, EMBED_OBJECTS, PackageError, write};

/// A record page for each object that can have the window, and each shown as the org's page of that object. Only for an org
/// without record pages of its own: where it has some, the window is put on those.
///
/// # Errors
/// When the zip cannot be written.
pub fn record_pages_zip() -> Result<Vec<u8>, PackageError> {
    let mut files = BTreeMap::new();
    let (mut pages, mut objects) = (String::new(), String::new());
    for object in EMBED_OBJECTS {
        let name = format!("Tandem_{object}_Record_Page");
        files.insert(format!("flexipages/{name}.flexipage"), page(object));
        files.insert(format!("objects/{object}.object"), shown(&name));
        pages.push_str(&format!("        <members>{name}</members>\n"));
        objects.push_str(&format!("        <members>{object}</members>\n"));
    }
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <types>\n\
         {objects}        <name>CustomObject</name>\n    </types>\n    <types>\n{pages}        <name>FlexiPage</name>\n    \
         </types>\n    <version>66.0</version>\n</Package>\n"
    );
    files.insert("package.xml".to_owned(), manifest);
    write(&files)
}

/// Has the org show a page for the records of its object.
fn shown(page: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
         <actionOverrides>\n        <actionName>View</actionName>\n        <content>{page}</content>\n        \
         <formFactor>Large</formFactor>\n        <skipRecordTypeSelect>false</skipRecordTypeSelect>\n        \
         <type>Flexipage</type>\n    </actionOverrides>\n</CustomObject>\n"
    )
}

fn page(object: &str) -> String {
    let region = |name: &str, component: &str, id: &str| {
        format!(
            "    <flexiPageRegions>\n        <itemInstances>\n            <componentInstance>\n                \
             <componentName>{component}</componentName>\n                <identifier>{id}</identifier>\n            \
             </componentInstance>\n        </itemInstances>\n        <name>{name}</name>\n        <type>Region</type>\n    \
             </flexiPageRegions>\n"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FlexiPage xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n{header}{main}\
         {sidebar}    <masterLabel>Tandem {object} Record Page</masterLabel>\n    <sobjectType>{object}</sobjectType>\n    \
         <template>\n        <name>flexipage:recordHomeTemplateDesktop</name>\n    </template>\n    \
         <type>RecordPage</type>\n</FlexiPage>\n",
        header = region("header", "force:highlightsPanel", "force_highlightsPanel"),
        main = region("main", "force:detailPanel", "force_detailPanel"),
        sidebar = region("sidebar", EMBED_COMPONENT, "c_tandemEmbed"),
    )
}
