// OAuth 2.0 Form Post Response Mode: the form sends itself. Without scripts the person presses the button.
document.getElementById("answer").submit();
