//! The files of `salesforce-package/`, carried in the program so that it can be deployed with no other file at hand.

/// A file in source format: its path within the package, and what it holds.
pub(super) type Source = (&'static str, &'static str);

macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../salesforce-package/", $path)))),*]
    };
}

/// The embed window and the fields that Tandem writes.
pub(super) const EMBED: &[Source] = sources![
    "embed/classes/TandemEmbed.cls",
    "embed/classes/TandemEmbed.cls-meta.xml",
    "embed/classes/TandemEmbedTest.cls",
    "embed/classes/TandemEmbedTest.cls-meta.xml",
    "embed/cspTrustedSites/Tandem.cspTrustedSite-meta.xml",
    "embed/customMetadata/Tandem_Embed.Default.md-meta.xml",
    "embed/lwc/tandemEmbed/tandemEmbed.css",
    "embed/lwc/tandemEmbed/tandemEmbed.html",
    "embed/lwc/tandemEmbed/tandemEmbed.js",
    "embed/lwc/tandemEmbed/tandemEmbed.js-meta.xml",
    "embed/lwc/tandemEmbed/texts.js",
    "embed/objects/Account/fields/Tandem_HubSpot_Id__c.field-meta.xml",
    "embed/objects/Case/fields/Tandem_HubSpot_Id__c.field-meta.xml",
    "embed/objects/Contact/fields/Tandem_HubSpot_Id__c.field-meta.xml",
    "embed/objects/Lead/fields/Tandem_HubSpot_Id__c.field-meta.xml",
    "embed/objects/Opportunity/fields/Tandem_HubSpot_Id__c.field-meta.xml",
    "embed/objects/Tandem_Embed__mdt/Tandem_Embed__mdt.object-meta.xml",
    "embed/objects/Tandem_Embed__mdt/fields/Secret__c.field-meta.xml",
    "embed/objects/Tandem_Embed__mdt/fields/Url__c.field-meta.xml",
    "embed/permissionsets/Tandem_Embed_Window.permissionset-meta.xml",
    "embed/permissionsets/Tandem_Integration.permissionset-meta.xml",
];

/// The app that people sign in to Salesforce through.
pub(super) const CLIENT_APP: &[Source] = sources![
    "client-app/externalClientApps/Tandem.eca-meta.xml",
    "client-app/extlClntAppGlobalOauthSets/Tandem_Global_OAuth.ecaGlblOauth-meta.xml",
    "client-app/extlClntAppOauthSettings/Tandem_OAuth.ecaOauth-meta.xml",
];

/// What each brings, and what uninstalling takes away.
pub(super) const EMBED_MANIFEST: &str = include_str!("../../../../salesforce-package/manifest/package.xml");
pub(super) const CLIENT_APP_MANIFEST: &str =
    include_str!("../../../../salesforce-package/manifest/client-app.xml");
pub(super) const UNINSTALL: &str =
    include_str!("../../../../salesforce-package/manifest/destructiveChanges.xml");
