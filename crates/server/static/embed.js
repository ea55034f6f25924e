// A window whose session is over asks the page around it for a new token. What is said is no secret.
if (document.body.dataset.renew && window.parent !== window) window.parent.postMessage({ tandem: 'renew' }, '*');
