"""Documents and messages: template and facts give a document, a message gives a receipt. Knows nothing of cases."""
