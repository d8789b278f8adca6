Feature: When it goes terribly wrong, be quiet
  The child died, is missing again, or a court stopped the return: from the second a person says so, nothing
  automatic reaches the family. A person decides what becomes of each thing that stands.

  Background:
    Given the father of story d waits for one payment and his papers

  Scenario Outline: Everything automatic stops at once
    When Ana records that <what happened>
    Then no paper is made and no payment leaves
    And the father's page shows whom to call, and nothing else
    And Ana sees on one screen what still stands
    And receipts are waived

    Examples:
      | what happened              |
      | the child died             |
      | the child is missing again |
      | a court stopped the return |

  Scenario: A payment that was ready waits for a person in finance
    Given the payment is ready to be sent
    When Ana records that the child died
    Then the payment waits
    When Ben lets the payment go
    Then it is sent

  Scenario: It was not so
    When Ana records that the child is missing again
    Then Ana cannot take it back alone
    When Sam corrects it
    Then the papers and the payment go their way
