Feature: The report number is not known yet
  A missing fact is a question, never a refusal.

  Scenario: The question is answered and the fares are advanced
    Given Ana enters the family of story f
    When the request is checked
    Then it asks for the report number and nothing else
    When Ana answers it
    And Ben approves and releases it
    Then $200.00 is paid by Stripe and $0.00 by logged payments
    And the books balance
