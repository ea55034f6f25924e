//! Tandem's own Salesforce package as zip files that the Metadata API deploys.
//!
//! The same files are in `salesforce-package/` in source format, for people who deploy with Salesforce's own tools.

mod convert;
mod files;
mod pages;

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use url::Url;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use files::Source;

pub use pages::record_pages_zip;

/// Stands in the package's files for what only this installation knows.
const URL: &str = "https://tandem.example";
const SECRET: &str = "set-when-deployed";

/// The permission set for the user that Tandem connects as: the fields of the package.
pub const INTEGRATION_PERMISSION_SET: &str = "Tandem_Integration";
/// The permission set for everybody who is to see the embed window.
pub const EMBED_PERMISSION_SET: &str = "Tandem_Embed_Window";
/// The component that shows the embed window on a record's page.
pub const EMBED_COMPONENT: &str = "tandemEmbed";
/// The Apex tests that go in with the package; an org in production wants them run.
pub const APEX_TESTS: [&str; 1] = ["TandemEmbedTest"];
/// The objects whose pages can hold the embed window.
pub const EMBED_OBJECTS: [&str; 4] = ["Lead", "Contact", "Account", "Opportunity"];
/// The path that Salesforce sends people back to when they have signed in, as the client app names it.
pub const CALLBACK_PATH: &str = "/setup/salesforce/callback";

/// Why there is no package to deploy.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The address cannot be used.
    #[error(
        "{0} cannot be shown inside Salesforce: the address of Tandem has to begin with https:// (http:// only on this \
         machine itself), and to be a host with no path"
    )]
    Address(String),
    /// The secret is too weak to sign with.
    #[error("the secret of the embed window needs 32 to 255 characters of plain text")]
    Secret,
    /// The zip could not be written.
    #[error("the package could not be packed: {0}")]
    Zip(String),
}

/// The embed window with all that belongs to it, and the fields that Tandem writes, for a Tandem at this address.
///
/// `secret` signs the tokens that open the window; deploying again with another one replaces it.
///
/// # Errors
/// When the address or the secret cannot be used.
pub fn embed_zip(public_url: &str, secret: &str) -> Result<Vec<u8>, PackageError> {
    let plain = secret.chars().all(|one| one.is_ascii_graphic() && !matches!(one, '<' | '>' | '&'));
    if !plain || !(32..=255).contains(&secret.len()) {
        return Err(PackageError::Secret);
    }
    pack(files::EMBED, files::EMBED_MANIFEST, &address(public_url)?, secret)
}

/// The External Client App that people sign in through, sending them back to a Tandem at this address.
///
/// # Errors
/// When the address cannot be used.
pub fn client_app_zip(public_url: &str) -> Result<Vec<u8>, PackageError> {
    pack(files::CLIENT_APP, files::CLIENT_APP_MANIFEST, &address(public_url)?, SECRET)
}

/// Takes away what [`embed_zip`] brought. The component has to be taken off record pages first.
///
/// # Errors
/// When the zip cannot be written.
pub fn uninstall_zip() -> Result<Vec<u8>, PackageError> {
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
                 <version>66.0</version>\n</Package>\n";
    write(&BTreeMap::from([
        ("package.xml".to_owned(), empty.to_owned()),
        ("destructiveChanges.xml".to_owned(), files::UNINSTALL.to_owned()),
    ]))
}

/// The origin of an address that a page of Salesforce may show.
fn address(text: &str) -> Result<String, PackageError> {
    let wrong = || PackageError::Address(text.to_owned());
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let fits = url.scheme() == "https" || url.scheme() == "http" && here;
    let bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if fits && bare { Ok(url.origin().ascii_serialization()) } else { Err(wrong()) }
}

fn pack(sources: &[Source], manifest: &str, url: &str, secret: &str) -> Result<Vec<u8>, PackageError> {
    let mut files = convert::to_metadata(sources);
    for text in files.values_mut() {
        *text = text.replace(URL, url).replace(SECRET, secret);
    }
    files.insert("package.xml".to_owned(), manifest.to_owned());
    write(&files)
}

/// The same files always give the same bytes.
fn write(files: &BTreeMap<String, String>) -> Result<Vec<u8>, PackageError> {
    let failed = |error: zip::result::ZipError| PackageError::Zip(error.to_string());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(path.as_str(), SimpleFileOptions::default()).map_err(failed)?;
        writer.write_all(text.as_bytes()).map_err(|error| PackageError::Zip(error.to_string()))?;
    }
    writer.finish().map(Cursor::into_inner).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::Path;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn opened(zip: &[u8]) -> BTreeMap<String, String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut files = BTreeMap::new();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            files.insert(entry.name().unwrap().into_owned(), text);
        }
        files
    }

    #[test]
    fn the_installation_is_filled_in() {
        let files = opened(&embed_zip("https://sync.lantern.example/", KEY).unwrap());
        let record = &files["customMetadata/Tandem_Embed.Default.md"];
        assert!(record.contains("https://sync.lantern.example/embed<") && record.contains(KEY), "{record}");
        assert!(files["cspTrustedSites/Tandem.cspTrustedSite"].contains(">https://sync.lantern.example<"));
        let left: Vec<&String> = files
            .iter()
            // Apex tests have an address of their own.
            .filter(|(path, text)| {
                !path.starts_with("classes/") && (text.contains(URL) || text.contains(SECRET))
            })
            .map(|(path, _)| path)
            .collect();
        assert_eq!(left, Vec::<&String>::new());
        let app = opened(&client_app_zip("https://sync.lantern.example").unwrap());
        let settings = &app["extlClntAppGlobalOauthSets/Tandem_Global_OAuth.ecaGlblOauth"];
        assert!(settings.contains(&format!(">https://sync.lantern.example{CALLBACK_PATH}<")), "{settings}");
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for wrong in [
            "http://sync.lantern.example",
            "sync.lantern.example",
            "https://a.example/tandem",
            "https://x@a.example",
        ] {
            assert!(matches!(embed_zip(wrong, KEY), Err(PackageError::Address(_))), "{wrong}");
        }
        assert!(embed_zip("http://127.0.0.1:8080", KEY).is_ok());
        for weak in ["short", "0123456789abcdef0123456789abcde<"] {
            assert!(matches!(embed_zip("https://a.example", weak), Err(PackageError::Secret)), "{weak}");
        }
    }

    #[test]
    fn every_file_of_the_package_is_carried() {
        fn walk(root: &Path, at: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../salesforce-package");
        for (folder, carried) in [("embed", files::EMBED), ("client-app", files::CLIENT_APP)] {
            let mut found = Vec::new();
            walk(&root, &root.join(folder), &mut found);
            found.retain(|path| !path.contains("__tests__"));
            found.sort();
            assert_eq!(found, carried.iter().map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn uninstalling_names_what_goes() {
        let files = opened(&uninstall_zip().unwrap());
        assert!(files["destructiveChanges.xml"].contains("Contact.Tandem_HubSpot_Id__c"));
        assert!(!files["package.xml"].contains("members"));
    }
}
