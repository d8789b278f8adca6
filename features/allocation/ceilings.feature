Feature: The ceiling is reserved, the quote is paid
  Fares move between the quote and the counter, so each line is approved not-to-exceed.

  Scenario: What lies between quote and ceiling is not sent, and is free again once all is paid
    Given a fare quoted at $180.00 with a ceiling of $200.00
    When the request is checked
    Then $200.00 is reserved
    When Ben approves and releases it
    Then $180.00 is paid by Stripe and $0.00 by logged payments
    And nothing is still reserved
    And the books balance

  Scenario Outline: One trip never takes more of a fund than its limit of $7,500.00
    Given a fare quoted at <quote> with a ceiling of <quote>
    When the request is checked
    Then <reserved> is reserved

    Examples:
      | quote     | reserved  |
      | $7,499.99 | $7,499.99 |
      | $7,500.00 | $7,500.00 |
      | $7,500.01 | $7,500.00 |
